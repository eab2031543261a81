package main

import (
	"io"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func mapFile(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

func TestCheckFindsWhatIsWrong(t *testing.T) {
	long := strings.Repeat("word ", 41)
	const docs = "docs/" // apart, or this file would be found to name documents that do not exist
	faults, err := check(io.Discard, fstest.MapFS{
		"README.md":                 mapFile("# A\n\n[b](docs/" + "b.md#two-words) ![c](docs/c.png) [d](docs/" + "b.md#none) [e](#a) <https://x.example>\n" + strings.Repeat("Short. ", 900)),
		docs + "b.md":               mapFile("# B\n\n## Two *words*\n\n## Two words\n\n[up](../README.md) [again](#two-words-1) [out](../../x) [root](/README.md)\n\nA " + long + "end.\n"),
		"main.go":                   mapFile("package main // see " + docs + "b.md#two-words and " + docs + "none.md"),
		"e2e/node_modules/x/y.md":   mapFile("[no](nowhere)"),
		".github/issue.md":          mapFile("[no](nowhere)"),
		"internal/testdata/page.md": mapFile("[no](nowhere)"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		".github/issue.md: the link to nowhere: there is no such file",
		"README.md: the link to docs/" + "b.md#none: there is no such heading",
		"README.md: the link to docs/c.png: there is no such file",
		"README.md: 9",
		docs + "b.md: the link to ../../x: it leads out of the repository",
		docs + "b.md: the link to /README.md: begin it at the document's own folder",
		docs + "b.md: 43.0 words a sentence on average",
		docs + "b.md: a sentence of 43 words",
		"main.go: it names " + docs + "none.md: there is no such file",
	}
	if !slices.EqualFunc(faults, want, strings.HasPrefix) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(faults, "\n"), strings.Join(want, "\n"))
	}
}

func TestSentences(t *testing.T) {
	tests := map[string]prose{
		"One. Two three! `a b c` is code.":                 {sentences: 3, words: 6},
		"A label":                                          {},
		"A cell | of a table without end.":                 {sentences: 1, words: 7},
		"The file e.g. main.go is one sentence of its own": {sentences: 1, words: 10},
		"These are the things that are there:":             {sentences: 1, words: 7},
		"Run `x`.\nThen a second line\nwhich goes on.":     {sentences: 2, words: 9},
	}
	for text, want := range tests {
		if got := parse(file{"x.md", []byte(text)}).prose(); got.sentences != want.sentences || got.words != want.words {
			t.Errorf("%q: %d sentences of %d words, want %d of %d", text, got.sentences, got.words, want.sentences, want.words)
		}
	}
}

func TestRiddles(t *testing.T) {
	text := "What ends, ends everywhere. A session ends. **Who has it, wins.** Who has it?\n\n- Whoever asks gets one.\n- Which of both\n\n" +
		"What runs:\n\n| What it is | b |\n| --- | --- |\n| What it is. | One. What is left stays. |\n\n## What it is for\n\n\"What?\" is what agents ask.\n"
	want := []string{"What ends, ends everywhere.", "Who has it, wins.", "What runs:", "Whoever asks gets one.", "What is left stays."}
	if got := parse(file{"x.md", []byte(text)}).riddles(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	faults, err := check(io.Discard, fstest.MapFS{"a.md": mapFile("# A\n\nWhat ends, ends everywhere.\n")})
	if err != nil || len(faults) != 1 || !strings.HasSuffix(faults[0], ": What ends, ends everywhere.") {
		t.Errorf("got %q, %v", faults, err)
	}
}

func TestComments(t *testing.T) {
	source := "// Package a is short. It has two sentences.\n//\n//\tcode is not. counted\npackage a\n"
	folders, err := commentsByFolder([]file{{"a/a.go", []byte(source)}})
	if err != nil {
		t.Fatal(err)
	}
	if p := folders["a"]; len(folders) != 1 || p.sentences != 2 || p.words != 8 {
		t.Errorf("got %d folders, and %+v", len(folders), p)
	}
	long := "// A " + strings.Repeat("word ", 20) + "end.\npackage a\n"
	faults, err := check(io.Discard, fstest.MapFS{"a/a.go": mapFile(long)})
	if err != nil || len(faults) != 1 || !strings.HasPrefix(faults[0], "the comments in a: 22.0 words a sentence") {
		t.Errorf("got %q, %v", faults, err)
	}
}

func TestMisspellings(t *testing.T) {
	wrong := "rec" + "ieve" // apart, or this file would be found to have it
	faults := misspelled([]file{
		{"a.md", []byte("Read.\n\nThey " + wrong + " it.\n")},
		{"a/a.go", []byte("package a\n\nvar " + wrong + " int\nvar words = `invitacion`\n")},
		{"a/page.html", []byte("<p>" + wrong + "</p>")},
		{"locales/active.en.json", []byte(`{"a": "` + wrong + `"}`)},
		{"locales/active.es.json", []byte(`{"a": "moment` + `o"}`)},
		{"script.js", []byte(wrong)},
	})
	want := []string{"a.md:3: " + wrong, "a/a.go:3: " + wrong, "a/page.html:1: " + wrong, "locales/active.en.json:1: " + wrong}
	if !slices.EqualFunc(faults, want, strings.HasPrefix) {
		t.Errorf("got %q", faults)
	}
}
