package main

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/golangci/misspell"
)

// misspelled finds common misspellings of English words in documents, code and templates, and in the English catalogue.
func misspelled(root fs.FS) (faults []string, err error) {
	speller := misspell.New()
	speller.RemoveRule([]string{"invitacion"}) // Spanish, and a word that masking knows
	speller.Compile()
	err = walk(root, func(name string) error {
		if !slices.Contains([]string{".md", ".go", ".html"}, path.Ext(name)) && path.Base(name) != "active.en.json" {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return fmt.Errorf("read for misspellings: %w", err)
		}
		number := 0
		for line := range strings.Lines(string(text)) {
			number++
			_, found := speller.Replace(line)
			for _, word := range found {
				faults = append(faults, fmt.Sprintf("%s:%d: %s is spelled %s", name, number, word.Original, word.Corrected))
			}
		}
		return nil
	})
	return faults, err
}
