// Command doccheck checks the documents of a repository, without a network: that their links lead
// somewhere, and that sentences are short, in documents and in the comments of Go code. Sentences of
// documents name what they are about. No English word may be misspelled. It prints a table, and ends with status 1 where something is wrong.
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
	"slices"
	"strconv"
	"strings"
)

// Limits of what is checked.
const (
	maxMean     = 20  // words a sentence, on average over a document, or over the comments in a folder
	maxSentence = 36  // words in any sentence
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
	files, err := readFiles(root)
	if err != nil {
		return nil, err
	}
	documents := parseDocuments(files)
	fmt.Fprintf(w, "%-52s %6s %9s %14s %8s\n", "document, or comments in", "words", "sentences", "words/sentence", "longest")
	for _, d := range documents {
		faults = append(faults, d.brokenLinks(root, documents)...)
		p := d.prose()
		p.print(w, d.path, strconv.Itoa(d.words()))
		faults = append(faults, p.tooLong(d.path)...)
		if p.longest > maxSentence {
			faults = append(faults, fmt.Sprintf("%s: a sentence of %d words: use %d or fewer: %s", d.path, p.longest, maxSentence, p.longestText))
		}
		for _, sentence := range d.riddles() {
			faults = append(faults, fmt.Sprintf("%s: name what this is about, in place of a pronoun: %s", d.path, sentence))
		}
		if d.path == "README.md" && d.words() > maxREADME {
			faults = append(faults, fmt.Sprintf("README.md: %d words: use %d or fewer", d.words(), maxREADME))
		}
	}
	comments, err := commentsByFolder(files)
	if err != nil {
		return nil, err
	}
	for _, folder := range slices.Sorted(maps.Keys(comments)) {
		comments[folder].print(w, folder, "")
		faults = append(faults, comments[folder].tooLong("the comments in "+folder)...)
	}
	return slices.Concat(faults, brokenMentions(root, files, documents), misspelled(files)), nil
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

// file is one file that is checked.
type file struct {
	path    string // from the root of the repository
	content []byte
}

// isOneOf reports whether the file's name ends with one of the extensions.
func (f file) isOneOf(extensions ...string) bool {
	return slices.Contains(extensions, path.Ext(f.path))
}

// readFiles reads every file of ours below root, in the order of their paths: not what npm has installed, hidden folders
// and test data. Hidden folders are read where they are a repository's own.
func readFiles(root fs.FS) ([]file, error) {
	var files []file
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		base := path.Base(name)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (base == "node_modules" || base == "testdata"):
			return fs.SkipDir
		case entry.IsDir() && strings.HasPrefix(base, ".") && !slices.Contains([]string{".", ".github", ".ci"}, base):
			return fs.SkipDir
		case entry.IsDir():
			return nil
		}
		if f := (file{path: name}); f.isOneOf(".md", ".go", ".js", ".sh", ".yml", ".html", ".json") {
			f.content, err = fs.ReadFile(root, name)
			files = append(files, f)
		}
		return err
	})
	return files, err
}
