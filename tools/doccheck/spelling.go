package main

import (
	"fmt"
	"path"
	"strings"

	"github.com/golangci/misspell"
)

// misspelled finds common misspellings of English words in documents, code and templates, and in the English catalogue.
func misspelled(files []file) (faults []string) {
	speller := misspell.New()
	speller.RemoveRule([]string{"invitacion"}) // Spanish, and a word that masking knows
	speller.Compile()
	for _, f := range files {
		if !f.isOneOf(".md", ".go", ".html") && path.Base(f.path) != "active.en.json" {
			continue
		}
		number := 0
		for line := range strings.Lines(string(f.content)) {
			number++
			_, found := speller.Replace(line)
			for _, word := range found {
				faults = append(faults, fmt.Sprintf("%s:%d: %s is spelled %s", f.path, number, word.Original, word.Corrected))
			}
		}
	}
	return faults
}
