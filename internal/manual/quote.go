package manual

import "strings"

// quote makes one word for bash and zsh of a text.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// quoteFish makes one word for fish of a text.
func quoteFish(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}

// troff has a text stand for itself: no backslash, hyphen, or dot at the beginning of a line is one of troff's.
func troff(text string) string {
	return `\&` + strings.NewReplacer(`\`, `\e`, "-", `\-`, "\n", " ").Replace(text)
}

// sentence is the first sentence of a help text, without its full stop. It fits beside a name.
func sentence(help string) string {
	first, _, _ := strings.Cut(help, ": ")
	first, _, _ = strings.Cut(first, "; ")
	first, _, _ = strings.Cut(first, ". ")
	return strings.TrimSuffix(first, ".")
}
