package command

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/internal/printable"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// textLines shows entries to a person, in the words of the admin's table.
type textLines struct {
	words    views.Words
	everyone bool // with the username
	every    bool // also what pages fetch by themselves
	colour   bool // for a terminal that knows ANSI's colours
}

// line is local time, what was asked for and how it ended, and the duration.
func (l textLines) line(e *store.Entry) string {
	line := clock(e) + "  "
	if l.everyone {
		line += fmt.Sprintf("%-12s  ", visibleUser(e.Username))
	}
	line += fmt.Sprintf("%-14s  ", fmt.Sprintf("%s (%s)", l.words.Type(*e), visible(e.Method)))
	if e.Page != "" {
		line += visible(e.Page) + "  "
	}
	line += visible(e.Path) + "  "
	if acted := l.words.Acted(*e); acted != "" {
		line += visible(acted) + "  "
	}
	line += l.result(e)
	if e.Repeats > 1 {
		line += fmt.Sprintf("  × %d", e.Repeats)
	}
	if e.Duration > 0 { // django-userlog doesn't record it
		line += "  " + took(e.Duration)
	}
	if !journey.IsStep(*e) {
		return l.paint(dim, line)
	}
	return line
}

// missing says how many requests are missing before an entry.
func (l textLines) missing(e *store.Entry) string {
	if !journey.ShowsGap(e, l.every) {
		return ""
	}
	words := l.words.Missing(e.Gap)
	if l.everyone {
		return visibleUser(e.Username) + ": " + words
	}
	return words
}

// result is how the request ended.
func (l textLines) result(e *store.Entry) string {
	words := visible(l.words.Result(*e))
	switch {
	case l.words.Serious(*e):
		return l.paint(red, words)
	case e.Failed():
		return l.paint(yellow, words)
	}
	return words
}

// Colours, as ANSI's terminals know them.
const (
	dim    = "2"
	red    = "31"
	yellow = "33"
)

// paint colours a text where that is wanted.
func (l textLines) paint(colour, text string) string {
	if !l.colour {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// wantsColour says whether w is a terminal whose owner has not asked for none (no-color.org).
func wantsColour(w io.Writer, lookupEnv func(string) (string, bool)) bool {
	if no, _ := lookupEnv("NO_COLOR"); no != "" {
		return false
	}
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// jsonLine shows an entry to a program, as it is in Redis but for what a terminal might obey: that is
// escaped, which means the same in JSON.
func jsonLine(e *store.Entry) string {
	line, _ := e.MarshalJSON() // never fails
	return string(printable.JSON(line))
}

func clock(e *store.Entry) string { return e.Time.Local().Format(time.TimeOnly) }

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

// visibleUser is a username, and what it is not where it looks like another one.
func visibleUser(username string) string {
	shown := visible(printable.Name(username))
	if other, found := printable.Lookalike(username); found {
		shown += " (not the name " + visible(printable.Name(other)) + ")"
	}
	return shown
}

// visible returns text of strangers that can do nothing to a terminal.
func visible(text string) string { return printable.Text(text) }
