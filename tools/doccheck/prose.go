package main

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// prose is how long sentences are.
type prose struct {
	sentences, words int
	longest          int // words
	longestText      string
}

func (p *prose) mean() float64 {
	if p.sentences == 0 {
		return 0
	}
	return float64(p.words) / float64(p.sentences)
}

// prose measures what has sentences: paragraphs, items of lists, and cells of tables. Headings and
// code have none.
func (d document) prose() prose {
	var p prose
	for _, kind := range []ast.NodeKind{ast.KindParagraph, ast.KindTextBlock, east.KindTableCell} {
		d.each(kind, func(n ast.Node) { p.add(d.text(n)) })
	}
	return p
}

// sentenceEnd is a mark that ends a sentence, and what may stand before the next one.
var sentenceEnd = regexp.MustCompile(`[.!?…][)"”*]*\s+`)

// fewest is how many words a text without an end mark must have to be taken for a sentence: less is
// a label, such as a table's cell.
const fewest = 8

// add counts the sentences of a text.
func (p *prose) add(text string) {
	for _, sentence := range sentences(text) {
		p.sentence(sentence)
	}
}

// sentences are those of a text. The line above a list, which ends with a colon, is one.
func sentences(text string) (found []string) {
	start := 0
	for _, end := range sentenceEnd.FindAllStringIndex(text, -1) {
		if next := text[end[1]:]; next != "" && unicode.IsLower([]rune(next)[0]) {
			continue // the mark belongs to an abbreviation, or to what is quoted
		}
		found = append(found, text[start:end[1]])
		start = end[1]
	}
	rest := strings.TrimSpace(text[start:])
	if strings.HasSuffix(strings.TrimRight(rest, `)"”*`), ".") || strings.HasSuffix(rest, ":") || len(strings.Fields(rest)) >= fewest {
		found = append(found, rest)
	}
	return found
}

func (p *prose) sentence(text string) {
	words := 0
	for field := range strings.FieldsSeq(text) {
		if strings.ContainsFunc(field, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			words++
		}
	}
	if words == 0 {
		return
	}
	p.sentences++
	p.words += words
	if words > p.longest {
		p.longest, p.longestText = words, strings.TrimSpace(text)
	}
}
