package store

import (
	"testing"
	"time"
)

func TestTrafficCountsByMinute(t *testing.T) {
	var counted traffic
	start := time.Date(2026, 11, 23, 10, 0, 30, 0, time.UTC)
	add := func(now time.Time, ago time.Duration, code int) {
		counted.add(&Entry{Time: now.Add(-ago), Code: code}, now)
	}
	add(start, 0, 200)
	add(start, time.Minute, 404)     // waited for Redis
	add(start, 2*time.Hour, 200)     // too old to be told
	add(start, -10*time.Minute, 503) // of a clock that is ahead
	later := start.Add(5 * time.Minute)
	add(later, 0, 302)

	hour := counted.line(later).hour(0)
	want := [60]Minute{
		53: {Requests: 1, ClientErrors: 1},
		54: {Requests: 2, ServerErrors: 1},
		59: {Requests: 1},
	}
	if hour != want {
		t.Errorf("got %v", hour)
	}
	if line := counted.line(later); len(line.Requests) != 7 {
		t.Errorf("%d minutes are reported, want only those since the first request", len(line.Requests))
	}

	// A report is as old as it is, whatever the clocks say: 10:05:30 is its time.
	if got := counted.line(later).hour(29 * time.Second); got != want {
		t.Errorf("in the same minute: %v", got)
	}
	if got := counted.line(later).hour(30 * time.Second); got[58] != want[59] || got[59] != (Minute{}) || got[52] != want[53] {
		t.Errorf("in the next minute: %v", got)
	}
	if got := counted.line(later).hour(time.Hour); got != ([60]Minute{}) {
		t.Errorf("an hour later: %v", got)
	}

	// Minutes are used again.
	add(start.Add(61*time.Minute), 0, 200)
	if got, want := counted.line(start.Add(61*time.Minute)).hour(0), (Minute{Requests: 1}); got[59] != want || got[3] != want || got[0] != (Minute{}) {
		t.Errorf("61 minutes after the start: %v", got)
	}
	if line := counted.line(start.Add(5 * time.Hour)); line != nil {
		t.Errorf("after hours of silence: %v", line)
	}
}

func TestTrafficOfAForeignReport(t *testing.T) {
	long := make([]uint32, 100)
	for i := range long {
		long[i] = uint32(i)
	}
	for _, line := range []*minutesJSON{
		nil, {}, {Second: -5, Requests: long}, {Second: 1e9, Requests: long, ClientErrors: long[:3], ServerErrors: long},
	} {
		line.hour(-time.Hour)
		line.hour(1e6 * time.Hour)
	}
	line := &minutesJSON{Requests: long, ClientErrors: long, ServerErrors: long}
	if hour := line.hour(0); hour[0].Requests != 40 || hour[59].Requests != 99 {
		t.Errorf("too long a line: %v", hour)
	}
}
