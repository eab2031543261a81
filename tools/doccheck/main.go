// Command doccheck checks the documents of a repository, without a network: that their links lead
// somewhere, and that sentences are short, in documents and in the comments of Go code. No English
// word may be misspelled. It prints a table, and ends with status 1 where something is wrong.
//
//	cd tools && go run ./doccheck ..
package main

import (
	"fmt"
	"io"
	"io/fs"
	"log"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Limits of what is checked.
const (
	maxMean     = 20  // words a sentence, on average over a document, or over the comments in a folder
	maxSentence = 40  // words in any sentence
	maxREADME   = 900 // words in README.md, as wc -w counts them: with code and tables
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: doccheck DIRECTORY")
	}
	root := os.DirFS(os.Args[1])
	faults, err := check(os.Stdout, root)
	if err != nil {
		log.Fatal(err)
	}
	for _, fault := range faults {
		log.Print(fault)
	}
	if len(faults) > 0 {
		log.Fatalf("doccheck: %d faults", len(faults))
	}
}

// check looks at every document and comment below root, prints a table of their sentences, and returns
// what is wrong.
func check(w io.Writer, root fs.FS) (faults []string, err error) {
	documents, err := readDocuments(root)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(w, "%-52s %6s %9s %14s %8s\n", "document, or comments in", "words", "sentences", "words/sentence", "longest")
	for _, d := range documents {
		faults = append(faults, d.brokenLinks(root, documents)...)
		p := d.prose()
		p.print(w, d.path, strconv.Itoa(d.words()))
		faults = append(faults, p.tooLong(d.path)...)
		if p.longest > maxSentence {
			faults = append(faults, fmt.Sprintf("%s: a sentence of %d words: use %d or fewer: %s", d.path, p.longest, maxSentence, p.longestText))
		}
		if d.path == "README.md" && d.words() > maxREADME {
			faults = append(faults, fmt.Sprintf("README.md: %d words: use %d or fewer", d.words(), maxREADME))
		}
	}
	comments, err := readComments(root)
	if err != nil {
		return nil, err
	}
	for _, folder := range slices.Sorted(maps.Keys(comments)) {
		comments[folder].print(w, folder, "")
		faults = append(faults, comments[folder].tooLong("the comments in "+folder)...)
	}
	mentioned, err := brokenMentions(root, documents)
	if err != nil {
		return nil, err
	}
	misspellings, err := misspelled(root)
	return slices.Concat(faults, mentioned, misspellings), err
}

// print writes a row of the table.
func (p *prose) print(w io.Writer, name, words string) {
	fmt.Fprintf(w, "%-52s %6s %9d %14.1f %8d\n", name, words, p.sentences, p.mean(), p.longest)
}

// tooLong says whether sentences are too long on average.
func (p *prose) tooLong(where string) (faults []string) {
	if p.mean() > maxMean {
		faults = append(faults, fmt.Sprintf("%s: %.1f words a sentence on average: use %d or fewer", where, p.mean(), maxMean))
	}
	return faults
}

// readDocuments reads every Markdown file of ours below root, in the order of their paths.
func readDocuments(root fs.FS) ([]document, error) {
	var documents []document
	err := walk(root, func(name string) error {
		if path.Ext(name) != ".md" {
			return nil
		}
		source, err := fs.ReadFile(root, name)
		if err != nil {
			return fmt.Errorf("read a document: %w", err)
		}
		documents = append(documents, parse(name, source))
		return nil
	})
	return documents, err
}

// walk calls visit for every file of ours below root: not for what npm has installed, hidden folders
// and test data. Hidden folders are looked into where they are a repository's own.
func walk(root fs.FS, visit func(name string) error) error {
	hidden := []string{".github", ".ci"}
	return fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		base := path.Base(name)
		switch {
		case err != nil:
			return err
		case !entry.IsDir():
			return visit(name)
		case name == ".", slices.Contains(hidden, base):
			return nil
		case base == "node_modules" || base == "testdata" || strings.HasPrefix(base, "."):
			return filepath.SkipDir
		}
		return nil
	})
}
