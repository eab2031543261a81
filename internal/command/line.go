package command

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
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

// jsonLine shows an entry to a program, as it is in Redis.
func jsonLine(e *store.Entry) string {
	line, _ := e.MarshalJSON() // never fails
	return string(line)
}

func clock(e *store.Entry) string { return e.Time.Local().Format(time.TimeOnly) }

func request(e *store.Entry) string {
	return fmt.Sprintf("%-6s %s  %d  %s", visible(e.Method), visible(e.Path), e.Code, e.Duration.Round(100*time.Microsecond))
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
