package memredis_test

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/embedded/internal/memredis"
)

func TestMain(m *testing.M) { redistest.VerifyNoLeaks(m) }

// start returns a client of a server of its own.
func start(t *testing.T) *redis.Client {
	server := memredis.Start()
	client := server.Client()
	t.Cleanup(func() {
		client.Close()
		server.Close()
	})
	return client
}

// Without a send buffer a pipeline whose commands and answers are longer than what either side takes
// in at once would wait for itself until the client's timeout.
func TestLongPipeline(t *testing.T) {
	client := start(t)
	value := strings.Repeat("x", 1<<10)
	pipeline := client.Pipeline()
	for i := range 1000 {
		pipeline.Set(t.Context(), strconv.Itoa(i), value, 0)
		pipeline.Get(t.Context(), strconv.Itoa(i))
	}
	answers, err := pipeline.Exec(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if last := answers[len(answers)-1].(*redis.StringCmd).Val(); last != value {
		t.Errorf("the last answer has %d bytes, want %d", len(last), len(value))
	}
}

func TestServersShareNothing(t *testing.T) {
	one, other := start(t), start(t)
	if err := one.Set(t.Context(), "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := other.Get(t.Context(), "key").Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("the other server: %v, want redis.Nil", err)
	}
}

func TestKeysExpire(t *testing.T) {
	client := start(t)
	if err := client.Set(t.Context(), "key", "value", time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	overdue := time.After(time.Minute)
	for client.Exists(t.Context(), "key").Val() != 0 {
		select {
		case <-overdue:
			t.Fatal("the key is still there")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestClosedServerFailsItsClients(t *testing.T) {
	server := memredis.Start()
	client := server.Client()
	defer client.Close()
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := client.Ping(ctx).Err(); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("after Close: %v", err)
	}
}

// Deadlines hold for reading, where they matter; a closed connection takes nothing any more.
func TestConnection(t *testing.T) {
	server := memredis.Start()
	defer server.Close()
	client := server.Client()
	defer client.Close()
	conn, err := client.Options().Dialer(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	var timeout net.Error
	if _, err := conn.Read(make([]byte, 1)); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("read of nothing: %v, want a timeout", err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if _, err := conn.Write([]byte("PING\r\n")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("write to a closed connection: %v", err)
	}
}

// A pool dials in the background, also when its server is being closed.
func TestDiallingWhileTheServerCloses(t *testing.T) {
	t.Parallel()
	for range 20 {
		server := memredis.Start()
		dial := server.Client().Options().Dialer
		done := make(chan error)
		go func() {
			for {
				conn, err := dial(context.Background(), "", "")
				if err != nil {
					done <- err
					return
				}
				conn.Close()
			}
		}()
		server.Close()
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Errorf("dialling ends with %v", err)
		}
	}
}
