package main

import (
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// riddle is how a statement begins that does not name what it is about, such as "What ends, ends everywhere."
// A question may begin so.
var riddle = regexp.MustCompile(`^["“(*]*(?:Who|Whoever|Whom|Whose|What|Whatever)\s[^?]*$`)

// riddles are the document's statements without a named subject. The first sentence in a cell of a table
// is none: it is a label for what is in the next cell.
func (d document) riddles() (found []string) {
	look := func(sentences []string) {
		for _, s := range sentences {
			if riddle.MatchString(s) {
				found = append(found, strings.TrimSpace(s))
			}
		}
	}
	for _, kind := range []ast.NodeKind{ast.KindParagraph, ast.KindTextBlock} {
		d.each(kind, func(n ast.Node) { look(sentences(d.text(n))) })
	}
	d.each(east.KindTableCell, func(n ast.Node) {
		if cell := sentences(d.text(n)); len(cell) > 1 {
			look(cell[1:])
		}
	})
	return found
}
