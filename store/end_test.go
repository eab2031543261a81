package store

import (
	"testing"
	"time"
)

func TestWhatFailed(t *testing.T) {
	tests := []struct {
		entry  Entry
		failed bool
	}{
		{Entry{Code: 200}, false},
		{Entry{Code: 303}, false},
		{Entry{Code: 404}, true},
		{Entry{Code: 500}, true},
		{Entry{Code: 0}, false},
		{Entry{Code: 0, Ended: EndUnknown}, false},
		{Entry{Code: 200, Ended: EndBrokeOff}, true},
		{Entry{Code: 0, Ended: EndTimedOut}, true},
		{Entry{Code: 0, Ended: EndGaveUp}, false},
		{Entry{Code: 500, Ended: EndGaveUp}, false},
		{Entry{Code: 200, Problem: "card declined"}, true},
		{Entry{Code: 200, Problem: "card declined", Ended: EndGaveUp}, true},
	}
	for _, test := range tests {
		if got := test.entry.Failed(); got != test.failed {
			t.Errorf("%+v failed: %v, want %v", test.entry, got, test.failed)
		}
		user, other := test.entry, test.entry
		other.Actor = "bob"
		if user.troubles() != test.failed || other.troubles() {
			t.Errorf("%+v troubles the user: %v, where bob acts for her: %v", test.entry, user.troubles(), other.troubles())
		}
	}
}

func TestNobodyActsInHerOwnPlace(t *testing.T) {
	e := Entry{Username: "ada", Actor: "ada"}
	if e.bound(); e.Actor != "" {
		t.Errorf("acted for by %q", e.Actor)
	}
}

func TestFailuresWithoutAStatusAreCounted(t *testing.T) {
	var counted traffic
	now := time.Date(2026, 11, 23, 10, 0, 30, 0, time.UTC)
	for _, e := range []Entry{{Code: 200, Ended: EndBrokeOff}, {Ended: EndTimedOut}, {Ended: EndGaveUp}, {Ended: EndUnknown}, {Code: 500, Ended: EndGaveUp}} {
		e.Time = now
		counted.add(&e, now)
	}
	if got, want := counted.line(now).hour(0)[59], (Minute{Requests: 5, ServerErrors: 2}); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
	if at, code := readTroubleScore(troubleScore(now, 200)); code != 0 || !at.Equal(now) {
		t.Errorf("a failure with status 200 is kept with %d at %v", code, at)
	}
}
