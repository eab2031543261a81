package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// reportComments prints how long the sentences in the comments of Go code are, by folder.
func reportComments(w io.Writer, root fs.FS) error {
	folders := make(map[string]*prose)
	err := walk(root, func(name string) error {
		if path.Ext(name) != ".go" {
			return nil
		}
		source, err := fs.ReadFile(root, name)
		if err != nil {
			return fmt.Errorf("read code: %w", err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("read code: %w", err)
		}
		folder := path.Dir(name)
		if folders[folder] == nil {
			folders[folder] = new(prose)
		}
		for _, group := range file.Comments {
			folders[folder].addComment(group)
		}
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%-52s %9s %13s %8s\n", "folder", "sentences", "words/sentence", "longest")
	longestFirst := func(a, b string) int { return cmp.Compare(folders[b].mean(), folders[a].mean()) }
	for _, folder := range slices.SortedFunc(maps.Keys(folders), longestFirst) {
		p := folders[folder]
		fmt.Fprintf(w, "%-52s %9d %13.1f %8d\n", folder, p.sentences, p.mean(), p.longest)
	}
	return nil
}

// addComment counts the sentences of a comment: of each of its paragraphs, without code.
func (p *prose) addComment(group *ast.CommentGroup) {
	var paragraph []string
	flush := func() {
		p.add(strings.Join(paragraph, " "))
		paragraph = nil
	}
	for line := range strings.Lines(group.Text()) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "\t"), strings.HasPrefix(line, "# "):
		case strings.TrimSpace(line) == "", strings.HasPrefix(strings.TrimSpace(line), "- "):
			flush()
			paragraph = append(paragraph, strings.TrimPrefix(strings.TrimSpace(line), "- "))
		default:
			paragraph = append(paragraph, line)
		}
	}
	flush()
}
