//go:build unix

package redistest_test

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestServerKeepsNothingByDefault(t *testing.T) {
	ctx := t.Context()
	server := redistest.Start(t)
	client := server.Client(t)
	if err := client.Set(ctx, "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	if err := client.Ping(ctx).Err(); err == nil {
		t.Fatal("a killed server answers")
	}
	server.Restart()
	if err := client.Get(ctx, "key").Err(); !errors.Is(err, redis.Nil) {
		t.Fatalf("after a restart: got %v, want redis.Nil", err)
	}
}

func TestServerKeepsDataWhenAsked(t *testing.T) {
	ctx := t.Context()
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	if err := server.Client(t).Set(ctx, "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	url := server.URL
	server.Restart()
	if server.URL != url {
		t.Errorf("the URL changed from %s to %s", url, server.URL)
	}
	if value, err := server.Client(t).Get(ctx, "key").Result(); err != nil || value != "value" {
		t.Fatalf("after a restart: got %q, %v", value, err)
	}
}

func TestPauseAndResume(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client(t).WithTimeout(50 * time.Millisecond)
	server.Pause()
	if err := client.Ping(t.Context()).Err(); err == nil {
		t.Fatal("a paused server answers")
	}
	server.Resume()
	if err := server.Client(t).Ping(t.Context()).Err(); err != nil {
		t.Fatalf("a resumed server: %v", err)
	}
}

func TestPausedServerIsRemoved(t *testing.T) {
	var dir string
	var client *redis.Client
	t.Run("paused", func(t *testing.T) {
		server := redistest.Start(t)
		dir, client = server.Dir, server.Client(t)
		server.Pause()
	})
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory is still there: %v", err)
	}
	if err := client.Ping(context.Background()).Err(); err == nil {
		t.Error("the server still answers")
	}
}

func TestServersAreSeparate(t *testing.T) {
	ctx := t.Context()
	one, other := redistest.Start(t).Client(t), redistest.Start(t).Client(t)
	if err := one.Set(ctx, "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if n, err := other.Exists(ctx, "key").Result(); err != nil || n != 0 {
		t.Fatalf("the other server has the key: %d, %v", n, err)
	}
}

func TestEventually(t *testing.T) {
	var holds atomic.Bool
	go holds.Store(true)
	redistest.Eventually(t, "it holds", holds.Load)
	if !holds.Load() {
		t.Error("it was not waited for")
	}
}

// A patient client waits for an answer that comes later than its options allow.
func TestPatient(t *testing.T) {
	server := redistest.Start(t)
	client := redistest.Patient(t, server.Client(t).WithTimeout(50*time.Millisecond))
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	server.Pause()
	answered := make(chan error, 1)
	go func() { answered <- client.Ping(t.Context()).Err() }()
	select {
	case err := <-answered:
		t.Fatalf("a paused server: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	server.Resume()
	if err := <-answered; err != nil {
		t.Errorf("a resumed server: %v", err)
	}
}

// A client waits for an answer that is late, and does not ask again.
func TestACommandIsSentOnce(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	server.Pause()
	answered := make(chan int64, 1)
	go func() { answered <- client.Incr(t.Context(), "counter").Val() }()
	select {
	case n := <-answered:
		t.Fatalf("a paused server counts %d", n)
	case <-time.After(4 * time.Second): // go-redis' own limit is three seconds
	}
	server.Resume()
	answer := <-answered
	if counter := client.Get(t.Context(), "counter").Val(); answer != 1 || counter != "1" {
		t.Errorf("the answer is %d, and the counter at last %s", answer, counter)
	}
}

// newClient returns a client that is closed at the end of the test.
func newClient(t *testing.T, options *redis.Options) *redis.Client {
	t.Helper()
	client := redis.NewClient(options)
	t.Cleanup(func() { client.Close() })
	return client
}
