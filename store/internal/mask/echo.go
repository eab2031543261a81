package mask

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// minEcho is how long a value is, in bytes, that is looked for in a text. A shorter one may be a word of the text.
const minEcho = 4

// Echoes masks in a text the values that [Masker.Path] masks in an address. An application often quotes its input when it says
// what went wrong: parsing "hunter2": invalid syntax.
func (m *Masker) Echoes(text, address string) string {
	w := walk{Masker: m, raw: address, collects: true}
	w.maskPath()
	w.maskQuery()
	for _, value := range w.hidden {
		text = maskWord(text, value)
		if decoded, err := url.QueryUnescape(value); err == nil && decoded != value {
			text = maskWord(text, decoded)
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
