package command

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/gin-userlog/userlog/store"
)

// textLine shows an entry to a person: local time, method, path, status and duration.
func textLine(e *store.Entry) string {
	return clock(e) + "  " + request(e)
}

// everyoneLine is textLine with the username.
func everyoneLine(e *store.Entry) string {
	return fmt.Sprintf("%s  %-12s  %s", clock(e), visible(e.Username), request(e))
}

// jsonLine shows an entry to a program, as it is in Redis but for what a terminal might obey: that is
// escaped, which means the same in JSON.
func jsonLine(e *store.Entry) string {
	line, _ := e.MarshalJSON() // never fails
	var b strings.Builder
	for _, r := range string(line) {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

func clock(e *store.Entry) string { return e.Time.Local().Format(time.TimeOnly) }

func request(e *store.Entry) string {
	line := fmt.Sprintf("%-6s %s  %d", visible(e.Method), visible(e.Path), e.Code)
	if e.Duration <= 0 {
		return line // django-userlog doesn't record it
	}
	return line + "  " + took(e.Duration)
}

// took is a duration to a tenth of a millisecond, or of a second where it is at least one.
func took(d time.Duration) string {
	const tenth = 100 * time.Microsecond
	switch rounded := d.Round(tenth); {
	case d < tenth:
		return "<0.1ms"
	case rounded < time.Second:
		return fmt.Sprintf("%.1fms", float64(rounded)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.1fs", d.Seconds())
}

// visible returns text that can do nothing to a terminal: whatever is not printable, such as an
// escape sequence or a mark that reverses the direction of writing, is shown as in a Go string.
// The text comes from strangers.
func visible(text string) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}
