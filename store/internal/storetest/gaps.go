package storetest

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

var gaps = []test{
	{"WhatIsDroppedIsTold", testWhatIsDroppedIsTold},
	{"WhatIsDroppedIsToldWithoutANextEntry", testWhatIsDroppedIsToldWithoutANextEntry},
}

// Told checks that a log tells what it lacks of the first requests that [Record] recorded of a user: how many, and where. It
// returns what is missing in all. Entries are newest first, and the log must be long enough for all. An entry that is in doubt
// may arrive behind later entries.
func Told(t *testing.T, entries []store.Entry, recorded int) (missing store.Gap) {
	t.Helper()
	next, late, told := 0, 0, store.Gap{}
	lines := append(slices.Clone(entries), store.Entry{})
	slices.Reverse(lines)
	lines = append(lines[1:], Entry("", recorded)) // behind the last one
	for i := range lines {
		e := &lines[i]
		n, err := strconv.Atoi(strings.TrimPrefix(e.Path, "/"))
		if !e.OnlyGap() && (err != nil || n < next) {
			late++
			continue
		}
		if e.Gap != nil {
			told.Dropped += e.Gap.Dropped
			told.Indeterminate += e.Gap.Indeterminate
		}
		if e.OnlyGap() {
			continue
		}
		if lost := n - next; lost < told.Dropped || lost > told.Dropped+told.Indeterminate {
			t.Errorf("%d requests are missing before number %d, and the log tells %+v", lost, n, told)
		}
		missing.Dropped += told.Dropped
		missing.Indeterminate += told.Indeterminate
		next, told = n+1, store.Gap{}
	}
	if late > missing.Indeterminate {
		t.Errorf("%d entries are out of order, and only %d in doubt", late, missing.Indeterminate)
	}
	return missing
}

// LogOf is the log of a user.
func LogOf(t *testing.T, logs *store.Store, username string) []store.Entry {
	t.Helper()
	log, err := logs.Log(t.Context(), username)
	if err != nil {
		t.Fatal(err)
	}
	return log.Entries
}

// overflow records more requests of a user than fit, until some are dropped. It returns how many it recorded.
func overflow(t *testing.T, logs *store.Store, username string) (recorded int) {
	t.Helper()
	redistest.Eventually(t, "entries are dropped", func() bool {
		Record(logs, username, recorded, recorded+500)
		recorded += 500
		return logs.Stats().Dropped.QueueFull > 0
	})
	Written(t, logs)
	return recorded
}

func testWhatIsDroppedIsTold(t *testing.T, connect Connect) {
	logs := Open(t, connect(t), store.Options{QueueSize: 20, MaxEntries: 10_000})
	recorded := overflow(t, logs, "ada")
	Record(logs, "ada", recorded, recorded+1)
	Record(logs, "bob", 0, 1)
	Written(t, logs)
	if missing := Told(t, LogOf(t, logs, "ada"), recorded+1); missing.Dropped != int(logs.Stats().Dropped.Total()) {
		t.Errorf("the log tells %+v, the stats %+v", missing, logs.Stats())
	}
	if log := LogOf(t, logs, "bob"); len(log) != 1 || log[0].Gap != nil {
		t.Errorf("somebody else's log tells %+v", log)
	}
}

func testWhatIsDroppedIsToldWithoutANextEntry(t *testing.T, connect Connect) {
	logs := Open(t, connect(t), store.Options{QueueSize: 20, MaxEntries: 10_000})
	watched, err := logs.Subscribe("ada", "")
	if err != nil {
		t.Fatal(err)
	}
	defer watched.Close()
	recorded := overflow(t, logs, "ada")
	var seen []store.Entry
	dropped := 0 // as far as the viewer has been told: by a marker, or by the last entries, where these were not dropped
	for dropped < int(logs.Stats().Dropped.Total()) {
		update, err := watched.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range update.Entries {
			seen = append([]store.Entry{*e}, seen...)
			if e.Gap != nil {
				dropped += e.Gap.Dropped
			}
		}
	}
	for name, entries := range map[string][]store.Entry{"live": seen, "static": LogOf(t, logs, "ada")} {
		if missing := Told(t, entries, recorded); missing.Dropped != int(logs.Stats().Dropped.Total()) {
			t.Errorf("%s, the log tells %+v, the stats %+v", name, missing, logs.Stats())
		}
	}
	stats := logs.Stats()
	Balanced(t, stats)
	requests, behind := store.Log{Entries: seen}.Requests()
	if (behind == nil) == seen[0].OnlyGap() || len(requests) != int(stats.Written) {
		t.Errorf("a program gets %d requests and %+v behind them, of %d written", len(requests), behind, stats.Written)
	}
}
