package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// openSkewed opens a store whose host's clock is behind that of Redis.
func openSkewed(t *testing.T, server *redistest.Server, behind time.Duration, log *slog.Logger) *store.Store {
	t.Helper()
	return openBy(t, server, log, redistest.Skewed(new(net.Dialer).DialContext, behind))
}

// openBy opens a store that reaches Redis by a dialer.
func openBy(t *testing.T, server *redistest.Server, log *slog.Logger, dial redistest.Dialer) *store.Store {
	t.Helper()
	options, err := redis.ParseURL(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	options.Dialer = dial
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

// startWithTrouble starts a Redis in which ada's log has a failure of this moment. Its clock is behind that of the host that recorded it.
func startWithTrouble(t *testing.T, behind time.Duration) *redistest.Server {
	t.Helper()
	server := redistest.Start(t)
	site := openSkewed(t, server, behind, slog.New(slog.DiscardHandler))
	site.Record(store.Entry{Username: "ada", Method: "GET", Path: "/", Code: 500})
	redistest.Eventually(t, "the entry is written", func() bool { return site.Stats().Written == 1 })
	return server
}

// A process that has just started does not know how wrong its host's clock is. Whatever it is asked first, it asks Redis for the time before.
func TestWhoeverIsAskedFirstAsksForTheTime(t *testing.T) {
	t.Parallel()
	const behind = -65 * time.Minute // so that by the host's clock, logs of this minute have expired
	server := startWithTrouble(t, behind)
	for what, ask := range map[string]func(*store.Store) (found bool, err error){
		"InTrouble": func(logs *store.Store) (bool, error) {
			troubled, err := logs.InTrouble(t.Context(), 1)
			return len(troubled) == 1, err
		},
		"LastSeen": func(logs *store.Store) (bool, error) {
			seen, err := logs.LastSeen(t.Context(), 1)
			return len(seen) == 1, err
		},
		"Resolve": func(logs *store.Store) (bool, error) {
			username, ok, err := logs.Resolve(t.Context(), "ADA")
			return ok && username == "ada", err
		},
		"Search": func(logs *store.Store) (bool, error) {
			found, err := logs.Search(t.Context(), "ada", 1)
			return len(found.Users) == 1, err
		},
		"Seen": func(logs *store.Store) (bool, error) {
			seen, err := logs.Seen(t.Context(), "ada")
			return len(seen) == 1, err
		},
	} {
		if found, err := ask(openSkewed(t, server, behind, slog.New(slog.DiscardHandler))); !found || err != nil {
			t.Errorf("%s does not find ada: %v", what, err)
		}
	}
}

// heldConn is a connection on which the question for the time is held up for a while.
type heldConn struct {
	net.Conn
	hold func()
}

func (c *heldConn) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("\r\ntime\r\n")) {
		c.hold()
	}
	return c.Conn.Write(b)
}

// While the first question for the time is under way, others wait for its answer, and don't go by the host's clock.
func TestTheFirstAnswerIsWaitedFor(t *testing.T) {
	t.Parallel()
	const behind = -65 * time.Minute
	server := startWithTrouble(t, behind)

	asked, second := make(chan struct{}), make(chan struct{})
	dial := redistest.Skewed(new(net.Dialer).DialContext, behind)
	logs := openBy(t, server, slog.New(slog.DiscardHandler), func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		return &heldConn{conn, func() {
			close(asked)
			select {
			case <-second:
			case <-time.After(300 * time.Millisecond): // the second has to wait
			}
		}}, err
	})
	first := make(chan error)
	go func() {
		_, err := logs.LastSeen(t.Context(), 1)
		first <- err
	}()
	<-asked
	troubled, err := logs.InTrouble(t.Context(), 1)
	close(second)
	if err != nil || len(troubled) != 1 {
		t.Errorf("in trouble: %v, %v", troubled, err)
	}
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// isRunning reports whether there is a goroutine in all of some functions.
func isRunning(functions ...string) bool {
	stacks := make([]byte, 1<<22)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for stack := range bytes.SplitSeq(stacks, []byte("\n\n")) {
		in := func(function string) bool { return bytes.Contains(stack, []byte(function)) }
		if !slices.ContainsFunc(functions, func(function string) bool { return !in(function) }) {
			return true
		}
	}
	return false
}

// The first question's caller goes away before there is an answer. Others who wait for it get the time all the same, and not her error.
func TestAnAnswerThatIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	const behind = -65 * time.Minute
	server := startWithTrouble(t, behind)

	leaving, leave := context.WithCancel(t.Context())
	defer leave()
	asked := make(chan struct{})
	var dials atomic.Int32
	dial := redistest.Skewed(new(net.Dialer).DialContext, behind)
	logs := openBy(t, server, slog.New(slog.DiscardHandler), func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials.Add(1) == 1 {
			close(asked)
			<-leaving.Done()
		}
		return dial(ctx, network, address)
	})
	first := make(chan error)
	go func() {
		_, err := logs.LastSeen(leaving, 1)
		first <- err
	}()
	<-asked
	second := make(chan error)
	go func() {
		troubled, err := logs.InTrouble(t.Context(), 1)
		if err == nil && len(troubled) != 1 {
			err = fmt.Errorf("in trouble: %v", troubled)
		}
		second <- err
	}()
	redistest.Eventually(t, "the second waits", func() bool { return isRunning("TestAnAnswerThatIsNotWaitedFor", "redisClock).refresh", "InTrouble") })
	leave()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller who went away got %v", err)
	}
	if err := <-second; err != nil {
		t.Error(err)
	}
}
