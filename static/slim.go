package static

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Comments of ours are for those who read the source. In scripts they have lines of their own, and no
// string of ours has a line that begins like one.
var (
	scriptComments = regexp.MustCompile(`(?m)^[ \t]*//.*\n`)
	styleComments  = regexp.MustCompile(`(?s)[ \t]*/\*.*?\*/`)
)

// oat is the file of which [unusedComponents] are not sent.
const oat = "vendor/oat.min.css"

// unusedComponents are how the rules of Oat's components begin that no page has. They are 14 of its 32 KB.
var unusedComponents = [...]string{
	"figure[data-variant=avatar]", "menu.buttons", "fieldset.group", ".badge", "[role=tablist]", "dialog", "ot-dropdown",
	".toast-container", "[data-sidebar-layout]", "[role=status].skeleton", "[data-tooltip]",
}

// slim returns what a browser needs of a file.
func slim(name string, content []byte) []byte {
	switch {
	case name == oat:
		return withoutUnused(content)
	case strings.HasPrefix(name, "vendor/"):
		return content
	case path.Ext(name) == ".js":
		return scriptComments.ReplaceAll(content, nil)
	case path.Ext(name) == ".css":
		return styleComments.ReplaceAll(content, nil)
	}
	return content
}

// withoutUnused leaves the layers of unused components out of Oat's stylesheet.
func withoutUnused(css []byte) []byte {
	var kept bytes.Buffer
	for len(css) > 0 {
		rule := css[:endOfRule(css)]
		css = css[len(rule):]
		layer, isComponent := bytes.CutPrefix(rule, []byte("@layer components{"))
		unused := slices.ContainsFunc(unusedComponents[:], func(c string) bool { return bytes.HasPrefix(layer, []byte(c)) })
		if !isComponent || !unused {
			kept.Write(rule)
		}
	}
	return kept.Bytes()
}

// endOfRule is where the first rule of a minified stylesheet ends: at the brace that closes it, or at the
// semicolon of one that has no braces.
func endOfRule(css []byte) int {
	depth := 0
	for i, c := range css {
		switch {
		case c == '{':
			depth++
		case c == '}' && depth == 1, c == ';' && depth == 0:
			return i + 1
		case c == '}':
			depth--
		}
	}
	return len(css)
}
