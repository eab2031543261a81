package journey_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
)

// start is when the entries of tests begin.
var start = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// at is so many seconds after the start.
func at(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }

// entries reads one entry a line: the second in which it was finished, kind (- for none), method, path and code. Fields may
// follow: from=, to=, page=, by=, ended=, problem= (a word), took= (seconds) and scripted.
func entries(t *testing.T, lines string) []store.Entry {
	t.Helper()
	var read []store.Entry
	for line := range strings.Lines(lines) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		code, err := strconv.Atoi(words[4])
		if err != nil {
			t.Fatal(err)
		}
		e := store.Entry{
			ID: fmt.Sprint("e", len(read)), Username: "ada", Time: at(number(t, words[0])),
			Kind: store.Kind(strings.Trim(words[1], "-")), Method: words[2], Path: words[3], Code: code,
		}
		for _, word := range words[5:] {
			switch name, value, _ := strings.Cut(word, "="); name {
			case "scripted":
				e.Scripted = true
			case "from":
				e.From = value
			case "to":
				e.Location = value
			case "page":
				e.Page = value
			case "by":
				e.Actor = value
			case "client":
				e.Client = value
			case "visit":
				e.Visit = value
			case "ended":
				e.Ended = store.End(value)
			case "problem":
				e.Problem = value
			case "took":
				e.Duration = at(number(t, value)).Sub(start)
			default:
				t.Fatalf("what is %s?", word)
			}
		}
		read = append(read, e)
	}
	return read
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// describe writes a step on one line: GET /a 200 > GET /b 200 +/style.css +/poll×3~
// !1. There > is before what a redirect led to, ~ after a poll, * after an entry that is missing, and !
// before the number of problems.
func describe(s *journey.Step) string {
	var b strings.Builder
	if s.Implied {
		fmt.Fprintf(&b, "%s*", s.Entry.Path)
	} else {
		fmt.Fprintf(&b, "%s %s %d", s.Entry.Method, s.Entry.Path, s.Entry.Code)
	}
	for _, e := range s.Redirects {
		fmt.Fprintf(&b, " > %s %s %d", e.Method, e.Path, e.Code)
	}
	for _, p := range s.Parts {
		fmt.Fprintf(&b, " +%s", p.Entry.Path)
		if p.Count > 1 {
			fmt.Fprintf(&b, "×%d", p.Count)
		}
		if p.Poll {
			b.WriteString("~")
		}
	}
	if s.Problems > 0 {
		fmt.Fprintf(&b, " !%d", s.Problems)
	}
	return b.String()
}

func describeAll(steps []*journey.Step) string {
	var lines []string
	for _, s := range steps {
		lines = append(lines, describe(s))
	}
	return strings.Join(lines, "\n")
}

// trim removes the indentation of a raw string.
func trim(s string) string {
	var lines []string
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
