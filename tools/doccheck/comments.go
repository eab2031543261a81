package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"strings"
)

// commentsByFolder measures the sentences in the comments of Go code, by folder.
func commentsByFolder(files []file) (map[string]*prose, error) {
	folders := make(map[string]*prose)
	for _, f := range files {
		if !f.isOneOf(".go") {
			continue
		}
		code, err := parser.ParseFile(token.NewFileSet(), f.path, f.content, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("read code: %w", err)
		}
		folder := path.Dir(f.path)
		if folders[folder] == nil {
			folders[folder] = new(prose)
		}
		for _, group := range code.Comments {
			folders[folder].addComment(group)
		}
	}
	return folders, nil
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
