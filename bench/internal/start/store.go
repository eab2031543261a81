// Package start starts what benchmarks measure: a store, or a server in a process of its own.
package start

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store"
)

// Quiet are options of a store that logs nothing.
func Quiet() store.Options { return store.Options{Logger: slog.New(slog.DiscardHandler)} }

// Store opens a quiet store. It is closed at the end of the benchmark.
func Store(b *testing.B, url string) *store.Store {
	b.Helper()
	logs, err := store.Open(url, Quiet())
	return Closed(b, logs, err)
}

// StoreOn is Store for a client.
func StoreOn(b *testing.B, client redis.UniversalClient) *store.Store {
	b.Helper()
	logs, err := store.New(client, Quiet())
	return Closed(b, logs, err)
}

// Closed has a store closed at the end of the benchmark, which an error ends at once.
func Closed(b *testing.B, logs *store.Store, err error) *store.Store {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = logs.Close(ctx) // says what is lost where Redis is away, as it is meant to be
	})
	return logs
}

// Await waits until no more entries are queued.
func Await(logs *store.Store, queued uint64) {
	for logs.Stats().Queued > queued {
		time.Sleep(100 * time.Microsecond)
	}
}
