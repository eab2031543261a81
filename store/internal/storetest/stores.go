package storetest

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/keys"
)

// Open returns a store that is closed, and whose stats are checked, at the end of the test.
func Open(t *testing.T, client redis.UniversalClient, options store.Options) *store.Store {
	t.Helper()
	if options.Logger == nil {
		options.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	logs, err := store.New(client, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), redistest.Patience)
		defer cancel()
		_ = logs.Close(ctx) // a test that loses entries on purpose has looked at them
		Balanced(t, logs.Stats())
	})
	return logs
}

// Balanced checks that nothing was lost without being counted.
func Balanced(t *testing.T, s store.Stats) {
	t.Helper()
	if sum := s.Written + s.Dropped.Total() + s.Indeterminate + s.Queued; sum != s.Accepted {
		t.Errorf("the stats do not balance: %+v", s)
	}
}

// Written waits until everything recorded has been written.
func Written(t *testing.T, logs *store.Store) {
	t.Helper()
	redistest.Eventually(t, "everything is written", func() bool { return logs.Stats().Queued == 0 })
}

// Entry is a request of a page that has a number for its path.
func Entry(username string, n int) store.Entry {
	return store.Entry{Username: username, Method: "GET", Path: fmt.Sprintf("/%d", n), Code: 200}
}

// Paths are the entries' paths without the slash.
func Paths(entries []store.Entry) string {
	var b strings.Builder
	for _, e := range entries {
		b.WriteString(strings.TrimPrefix(e.Path, "/") + " ")
	}
	return strings.TrimSpace(b.String())
}

// Record records entries of one user with the numbers from up to, but not including, to.
func Record(logs *store.Store, username string, from, to int) {
	for n := from; n < to; n++ {
		logs.Record(Entry(username, n))
	}
}

// Numbers is what the entries of [Record] look like in [Paths].
func Numbers(from, to int) string {
	var b strings.Builder
	for n := from; n < to; n++ {
		b.WriteString(strconv.Itoa(n) + " ")
	}
	return strings.TrimSpace(b.String())
}

// EntryAt is [Entry] with a time, of an application whose clock is ahead.
func EntryAt(username string, n int, ahead time.Duration) store.Entry {
	e := Entry(username, n)
	e.Time = time.Now().Add(ahead)
	return e
}

// Reporting waits until n processes are listed, and returns them.
func Reporting(t *testing.T, logs *store.Store, n int) []store.Application {
	t.Helper()
	var found []store.Application
	redistest.Eventually(t, "the processes are listed", func() bool {
		var err error
		if found, err = logs.Applications(t.Context()); err != nil {
			t.Fatal(err)
		}
		return len(found) == n
	})
	return found
}

// Keys are the names of a store's keys and channels.
func Keys(logs *store.Store) keys.Keys { return KeysOf(logs.KeyPrefix()) }

// KeysOf is [Keys] by their prefix.
func KeysOf(prefix string) keys.Keys {
	names, err := keys.New(prefix, cmp.Or(prefix, store.DefaultKeyPrefix))
	if err != nil {
		panic(err) // it was good enough for the store
	}
	return names
}
