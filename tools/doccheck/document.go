package main

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// document is one Markdown file.
type document struct {
	file
	tree ast.Node
}

func parse(f file) document {
	parser := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser()
	return document{file: f, tree: parser.Parse(text.NewReader(f.content))}
}

// parseDocuments parses the Markdown files.
func parseDocuments(files []file) []document {
	var documents []document
	for _, f := range files {
		if f.isOneOf(".md") {
			documents = append(documents, parse(f))
		}
	}
	return documents
}

// words is how many words the file has, as wc -w counts them.
func (d document) words() int { return len(bytes.Fields(d.content)) }

// each calls visit for every node of a kind.
func (d document) each(kind ast.NodeKind, visit func(ast.Node)) {
	// The function that is passed never fails, and so Walk does not.
	_ = ast.Walk(d.tree, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering && n.Kind() == kind {
			visit(n)
		}
		return ast.WalkContinue, nil
	})
}

// anchors are the ids that GitHub gives the headings.
func (d document) anchors() map[string]bool {
	anchors := make(map[string]bool)
	d.each(ast.KindHeading, func(n ast.Node) {
		id := anchor(d.text(n))
		for again := 1; anchors[id]; again++ {
			id = anchor(d.text(n)) + "-" + strconv.Itoa(again)
		}
		anchors[id] = true
	})
	return anchors
}

// anchor is the id of a heading: lower case, hyphens for spaces, and no other punctuation.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

// text is what a reader sees of a node, on one line. A piece of code is one word, which begins with `.
func (d document) text(n ast.Node) string {
	var b strings.Builder
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		switch child := child.(type) {
		case *ast.Text:
			b.Write(child.Segment.Value(d.content))
			if child.SoftLineBreak() || child.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.CodeSpan:
			b.WriteString("`" + strings.ReplaceAll(d.text(child), " ", "_"))
		case *ast.Image, *ast.RawHTML:
		default:
			b.WriteString(d.text(child))
		}
	}
	return b.String()
}
