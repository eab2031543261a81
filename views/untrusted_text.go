package views

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gin-userlog/userlog/internal/printable"
)

// readable makes a page UTF-8, whatever strangers have typed. Bytes that are no text are replaced, and so are
// control characters, which a terminal would obey.
func readable(html []byte) []byte {
	if isPlain(html) || utf8.Valid(html) && !bytes.ContainsFunc(html, isObeyed) {
		return html
	}
	return bytes.Map(func(r rune) rune {
		if isObeyed(r) {
			return utf8.RuneError
		}
		return r // RuneError for a byte that is no UTF-8
	}, html)
}

// isPlain recognises printable ASCII quickly. Most HTML of ours is that.
func isPlain(html []byte) bool {
	for _, c := range html {
		if c != '\n' && c != '\t' && (c < ' ' || c > '~') {
			return false
		}
	}
	return true
}

// isObeyed reports whether a terminal would obey the character.
func isObeyed(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' }

// visible is a path as it can be shown and copied. A character that would not be seen, or would rearrange the
// text around it, is percent-encoded: controls, bidi overrides, and bytes that are not UTF-8. The result is the
// same URL.
func visible(path string) string {
	if strings.IndexFunc(path, printable.IsHidden) < 0 {
		return path
	}
	var b strings.Builder
	for i, c := range path {
		if !printable.IsHidden(c) {
			b.WriteRune(c)
			continue
		}
		_, size := utf8.DecodeRuneInString(path[i:])
		for _, octet := range []byte(path[i : i+size]) {
			fmt.Fprintf(&b, "%%%02X", octet)
		}
	}
	return b.String()
}
