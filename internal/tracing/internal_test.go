package tracing

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A collector that fails is told of once a minute, with all that was lost, and so is its return.
func TestFailuresAreLoggedSeldom(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	e := &exporter{log: slog.New(slog.NewTextHandler(&log, nil))}
	begun, failed := time.Now(), errors.New("refused")
	e.note(1, nil, begun)
	for second := range 130 {
		e.note(2, failed, begun.Add(time.Duration(second)*time.Second))
	}
	e.note(1, nil, begun.Add(131*time.Second))
	e.note(1, nil, begun.Add(132*time.Second))
	var got []string
	for line := range strings.Lines(log.String()) {
		_, counted, _ := strings.Cut(strings.TrimSpace(line), "lost=")
		got = append(got, counted)
	}
	if text := strings.Join(got, "; "); text != "2 err=refused; 120 err=refused; 120 err=refused; 18" {
		t.Errorf("the log has %s", text)
	}
}

// A collector says when to come back, in seconds or by a date. Otherwise it is a random time.
func TestPauses(t *testing.T) {
	t.Parallel()
	in := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	for after, want := range map[string][2]time.Duration{
		"7": {7 * time.Second, 7 * time.Second}, "0": {0, 0}, in(-time.Hour): {0, 0}, in(time.Hour): {50 * time.Minute, time.Hour},
		"": {time.Second, 2 * time.Second}, "-1": {time.Second, 2 * time.Second}, "canary": {time.Second, 2 * time.Second},
	} {
		if got := (busyError{http.StatusServiceUnavailable, after}).pause(2 * time.Second); got < want[0] || got > want[1] {
			t.Errorf("after %q: %s", after, got)
		}
	}
}

// A second has so many requests, and the next one as many again.
func TestAllowance(t *testing.T) {
	t.Parallel()
	var a allowance
	now := time.Now()
	for second := range 3 {
		taken := 0
		for range 3 * maxPerSecond {
			if a.take(now.Add(time.Duration(second) * time.Second)) {
				taken++
			}
		}
		if taken != maxPerSecond {
			t.Errorf("second %d: %d", second, taken)
		}
	}
}
