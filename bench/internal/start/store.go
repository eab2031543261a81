// Package start starts what benchmarks measure: a store, or a server in a process of its own.
package start

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store"
)

// Histogram is for durations from a microsecond to a minute, in nanoseconds.
func Histogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(int64(time.Microsecond), int64(time.Minute), 3)
}

// Store opens a store that logs nothing. It is closed at the end of the benchmark.
func Store(b *testing.B, url string) *store.Store {
	b.Helper()
	logs, err := store.Open(url, store.Options{Logger: slog.New(slog.DiscardHandler)})
	return closed(b, logs, err)
}

// StoreOn is Store for a client.
func StoreOn(b *testing.B, client redis.UniversalClient) *store.Store {
	b.Helper()
	logs, err := store.New(client, store.Options{Logger: slog.New(slog.DiscardHandler)})
	return closed(b, logs, err)
}

// closed has a store closed at the end of the benchmark.
func closed(b *testing.B, logs *store.Store, err error) *store.Store {
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
