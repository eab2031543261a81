package handlers

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// A report may merely be late, and a Redis that does not answer says nothing of reports.
func TestSilenceIsBelievedByTheRuleOfLivePages(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	open := func() *store.Store {
		logs, err := store.Open(server.URL, store.Options{Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			soon, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			_ = logs.Close(soon) // says what it could not write, since the test kills Redis
		})
		return logs
	}
	w := newReportWatch(open())
	w.interval = 0
	know := func(what string, want bool) {
		t.Helper()
		redistest.Eventually(t, what, func() bool { return w.now(t.Context()) == want && !w.since.IsZero() })
	}
	know("the first answer may be wrong", false)
	w.since = time.Now().Add(time.Minute - w.late)
	know("reports may still be late", false)
	w.since = time.Now().Add(-w.late)
	know("silence is believed", true)

	site := open()
	site.Record(store.Entry{Username: "ada", Path: "/"})
	redistest.Eventually(t, "the report is heard", func() bool { return !w.now(t.Context()) && w.since.IsZero() })

	if err := site.Close(t.Context()); err != nil { // it would report itself again
		t.Fatal(err)
	}
	if err := w.logs.Client().FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	know("Redis has come back empty", false)
	w.since = time.Now().Add(-w.late)
	know("silence is believed again", true)
	server.Kill()
	know("what was known holds while Redis is away", true)
}
