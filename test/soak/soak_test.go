package soak

import (
	"context"
	"io"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

func TestMain(m *testing.M) {
	redis.SetLogger(quiet{}) // a line for every attempt to connect, otherwise
	redistest.VerifyNoLeaks(m)
}

// quiet is a logger that says nothing.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

// long chooses between the figure of the short form and that of make soak.
func long[T any](short, soak T) T {
	if os.Getenv("USERLOG_SOAK") == "1" {
		return soak
	}
	return short
}

// open returns a store on client, which is closed at the end of the test.
func open(t *testing.T, client redis.UniversalClient, options store.Options) *store.Store {
	t.Helper()
	options.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	logs, err := store.New(client, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = logs.Close(ctx) // a test that cares has closed it
		balance(t, logs)
	})
	return logs
}

// until waits for something that other goroutines or processes bring about.
func until(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !happened(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("did not happen: %s", what)
		}
	}
}

// settled waits until the fate of everything recorded is known.
func settled(t *testing.T, logs *store.Store) {
	t.Helper()
	until(t, "the queue is empty", func() bool { return logs.Stats().Queued == 0 })
}

// during lets the load go on for d, checking all the while that the books balance.
func during(t *testing.T, logs *store.Store, d time.Duration) {
	t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		balance(t, logs)
	}
}
