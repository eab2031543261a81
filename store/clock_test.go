package store_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// skewedConn is a connection to a Redis whose clock is ahead: it changes the answer to TIME.
type skewedConn struct {
	net.Conn
	ahead time.Duration
	asked bool
}

func (c *skewedConn) Write(b []byte) (int, error) {
	c.asked = bytes.Contains(b, []byte("$4\r\ntime\r\n"))
	return c.Conn.Write(b)
}

func (c *skewedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	const head = "*2\r\n$10\r\n"
	if c.asked && bytes.HasPrefix(b[:n], []byte(head)) {
		digits := b[len(head) : len(head)+10]
		seconds, _ := strconv.ParseInt(string(digits), 10, 64)
		copy(digits, strconv.FormatInt(seconds+int64(c.ahead/time.Second), 10))
	}
	return n, err
}

// openSkewed opens a store whose host's clock is behind that of Redis.
func openSkewed(t *testing.T, server *redistest.Server, behind time.Duration, log *slog.Logger) *store.Store {
	t.Helper()
	options, err := redis.ParseURL(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	options.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return &skewedConn{Conn: conn, ahead: behind}, err
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { client.Close() })
	logs, err := store.New(client, store.Options{Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = logs.Close(context.Background()) })
	return logs
}

// Two applications and the admin are on hosts whose clocks differ. Entries have the time of Redis, which they share.
func TestEntriesHaveTheTimeOfRedis(t *testing.T) {
	t.Parallel()
	for _, behind := range []time.Duration{10 * time.Minute, -65 * time.Minute, 0} {
		t.Run(behind.String(), func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			var logged buffer
			logs := openSkewed(t, server, behind, slog.New(slog.NewTextHandler(&logged, nil)))
			logs.Announce()
			began := time.Now()
			logs.Record(store.Entry{Username: "ada", Method: "GET", Path: "/", Code: 500})
			redistest.Eventually(t, "the entry is written", func() bool { return logs.Stats().Written == 1 })
			log, err := logs.Log(t.Context(), "ada")
			if err != nil || len(log.Entries) != 1 {
				t.Fatal(log, err)
			}
			const exact = 2 * time.Second // TIME is changed by whole seconds
			near := func(what string, got time.Time) {
				t.Helper()
				if got.Before(began.Add(behind-exact)) || got.After(time.Now().Add(behind+exact)) {
					t.Errorf("%s is %s, want about %s", what, got, began.Add(behind))
				}
			}
			near("the entry's time", log.Entries[0].Time)
			near("Now", logs.Now())
			seen, err := logs.LastSeen(t.Context(), 1)
			if err != nil || len(seen) != 1 {
				t.Fatalf("last seen: %v, %v", seen, err)
			}
			near("last seen", seen[0].At)
			if troubled, err := logs.InTrouble(t.Context(), 1); err != nil || len(troubled) != 1 {
				t.Errorf("in trouble: %v, %v", troubled, err)
			}
			var applications []store.Application
			redistest.Eventually(t, "the application reports itself", func() bool {
				applications, err = logs.Applications(t.Context())
				return err != nil || len(applications) == 1
			})
			if err != nil || (applications[0].ClockSkew+behind).Abs() > exact {
				t.Errorf("applications: %+v, %v", applications, err)
			}
			if told := strings.Contains(logged.String(), "clock differs"); told != (behind != 0) {
				t.Errorf("logged: %s", logged.String())
			}
		})
	}
}
