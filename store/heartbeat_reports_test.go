package store

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// openQuietly returns a store that logs nothing, and is closed at the end of the test.
func openQuietly(t *testing.T, client redis.UniversalClient, options Options) *Store {
	t.Helper()
	options.Logger = slog.New(slog.DiscardHandler)
	logs, err := New(client, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = logs.Close(context.Background()) }) // nothing keeps it from writing what is queued
	return logs
}

func TestAnyReports(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	logs := openQuietly(t, client, Options{})
	ask := func(want bool) {
		t.Helper()
		if got, err := logs.anyReports(t.Context()); err != nil || got.Reporting != want {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
	}
	ask(false)
	key := logs.keys.Application("old")
	client.SAdd(t.Context(), logs.keys.Applications(), "old")
	client.Set(t.Context(), key, `{"application":"old"}`, heartbeatKept-2*Silence)
	ask(false)
	client.Set(t.Context(), key, `{"application":"old"}`, heartbeatKept-Silence/2)
	ask(true)
	client.Del(t.Context(), key)
	ask(false)
	logs.Record(Entry{Username: "ada", Time: time.Now()}) // by an application that sends no heartbeats
	redistest.Eventually(t, "the entry is written", func() bool { return logs.Stats().Queued == 0 })
	client.Del(t.Context(), logs.keys.Applications())
	ask(true)
}

func TestTheShortestLimitOfListsIsKnown(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	for _, limit := range []int{25, 40} {
		openQuietly(t, server.Client(t), Options{MaxEntries: limit}).Record(Entry{Username: "ada", Code: 200})
	}
	reader := openQuietly(t, server.Client(t), Options{MaxEntries: 100})
	redistest.Eventually(t, "the shortest limit is 25", func() bool {
		reports, err := reader.anyReports(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return reports.Shortest == 25
	})
}
