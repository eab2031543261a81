package mask

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	minEcho   = 4  // bytes of a value that is looked for in a text; a shorter one may be a word of the text
	maxEchoes = 64 // values that are looked for
)

// Echoes masks in a text the values that [Masker.Path] masks in an address. An application often quotes its input when it says
// what went wrong: parsing "hunter2": invalid syntax. Where an address has more values than are looked for, it is made to be
// costly, and the whole text is masked.
func (m *Masker) Echoes(text, address string) string {
	w := walk{Masker: m, raw: address, collects: true}
	w.maskPath()
	w.maskQuery()
	if text != "" && (len(w.hidden) > maxEchoes || w.exhausted()) {
		return masked
	}
	for _, value := range w.hidden {
		text = maskWord(text, value)
		// The application has it decoded once, as a part of the path or of the query.
		for _, decode := range []func(string) (string, error){url.PathUnescape, url.QueryUnescape} {
			if decoded, err := decode(value); err == nil && decoded != value {
				text = maskWord(text, decoded)
			}
		}
	}
	return text
}

// maskWord masks a word wherever a text has it, but not as a part of a longer one.
func maskWord(text, word string) string {
	if len(word) < minEcho {
		return text
	}
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return text
		}
		start, end := from+i, from+i+len(word)
		before, _ := utf8.DecodeLastRuneInString(text[:start])
		after, _ := utf8.DecodeRuneInString(text[end:])
		if from = end; !isOfWord(before) && !isOfWord(after) {
			text = text[:start] + masked + text[end:]
			from = start + len(masked)
		}
	}
}

// isOfWord reports whether a character goes on with a word.
func isOfWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
