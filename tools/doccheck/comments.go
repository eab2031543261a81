package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strings"
)

// readComments measures the sentences in the comments of Go code, by folder.
func readComments(root fs.FS) (map[string]*prose, error) {
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
	return folders, err
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
