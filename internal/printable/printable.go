// Package printable makes texts of strangers harmless for whoever reads them in a terminal or an editor. There, control characters
// are obeyed, and others rearrange the text around them or can't be seen.
package printable

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Text returns a text in which every character that is not printable stands as in a Go string. Such are escape sequences, and
// characters that reverse the direction of writing.
func Text(text string) string {
	if isPlain(text) {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case !IsHidden(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

// JSON returns one line of JSON in which every character that is not printable is escaped, which means the same. The line
// itself is returned where there is nothing to escape.
func JSON(line []byte) []byte {
	if isPlain(line) {
		return line
	}
	out := make([]byte, 0, len(line)+64)
	for _, r := range string(line) {
		if !IsHidden(r) {
			out = utf8.AppendRune(out, r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			out = fmt.Appendf(out, `\u%04x`, unit)
		}
	}
	return out
}

// isPlain recognises printable ASCII quickly.
func isPlain[T string | []byte](text T) bool {
	for i := 0; i < len(text); i++ {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}
