package handlers

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// While Redis is away, a line a minute says so, and how often. What nobody has foreseen is logged each time.
func TestFailuresThatAreAlikeAreLoggedOnceAMinute(t *testing.T) {
	t.Parallel()
	var lines strings.Builder
	now := time.Now()
	f := newFailureLog(slog.New(slog.NewTextHandler(&lines, nil)), func() time.Time { return now })
	logged := func() int {
		defer lines.Reset()
		return strings.Count(lines.String(), "\n")
	}
	for range 100 {
		f.add("a page", io.EOF)
		f.add("a program", io.EOF)
		f.add("a page", context.Canceled)
		f.add("a page", nil)
	}
	if n := logged(); n != 2 {
		t.Errorf("%d lines in a minute, want one for pages and one for programs", n)
	}
	now = now.Add(failureInterval)
	f.add("a page", io.EOF, "route", "/home")
	if got := lines.String(); !strings.Contains(got, "route=/home") || !strings.Contains(got, "more_since=99") {
		t.Errorf("a minute later: %s", got)
	}
	logged()
	for range 3 {
		f.add("a page", errors.New("a template"))
	}
	if n := logged(); n != 3 {
		t.Errorf("%d lines of 3 failures that are none of Redis'", n)
	}
}
