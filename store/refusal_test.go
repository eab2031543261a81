package store_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

// TestLogSaysWhyRedisRefuses has a real Redis discard transactions for each of the usual reasons.
func TestLogSaysWhyRedisRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil []any // a command that makes Redis refuse
		want  string
	}{
		{"readonly", []any{"replicaof", "127.0.0.1", "1"}, "LPUSH userlog:log:*: READONLY"},
		{"memory", []any{"config", "set", "maxmemory", "1"}, "LPUSH userlog:log:*: OOM"},
		{"replicas", []any{"config", "set", "min-replicas-to-write", "1"}, "LPUSH userlog:log:*: NOREPLICAS"},
		{"command", []any{"acl", "setuser", "default", "-pexpire"}, "PEXPIRE userlog:log:*: NOPERM"},
		{"channel", []any{"acl", "setuser", "default", "resetchannels"}, "PUBLISH userlog:log:*: NOPERM"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			if err := server.Client(t).Do(t.Context(), c.spoil...).Err(); err != nil {
				t.Fatal(err)
			}
			var logged buffer
			logs, err := store.Open(server.URL, store.Options{Logger: slog.New(slog.NewTextHandler(&logged, nil))})
			if err != nil {
				t.Fatal(err)
			}
			logs.Record(store.Entry{Username: "ada", Method: "GET", Path: "/", Code: 200})
			logged.await(t, c.want)
			if text := logged.String(); strings.Contains(text, "ada") || strings.Contains(text, "EXECABORT") {
				t.Errorf("logged: %s", text)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_ = logs.Close(ctx)
		})
	}
}

// Redis may have an access list from before there were kept lists, or lack a command. Entries are written all the same.
func TestEntriesAreWrittenWhereKeptListsAreForbidden(t *testing.T) {
	for _, c := range []struct {
		name      string
		arguments []string
		rules     []any
	}{
		{"copy may not be called", nil, []any{"-copy"}},
		{"lpushx may not be called", nil, []any{"-lpushx"}},
		{"the keys are others", nil, []any{"resetkeys", "~userlog:log:*", "~userlog:users", "~userlog:names", "~userlog:trouble", "~userlog:app*"}},
		{"there is no copy", []string{"--rename-command", "COPY", ""}, nil},
		{"there is no lpushx", []string{"--rename-command", "LPUSHX", ""}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t, c.arguments...)
			if err := server.Client(t).Do(t.Context(), append([]any{"acl", "setuser", "default"}, c.rules...)...).Err(); err != nil {
				t.Fatal(err)
			}
			var logged buffer
			logs := storetest.Open(t, redistest.Patient(t, server.Client(t)), store.Options{Logger: slog.New(slog.NewTextHandler(&logged, nil))})
			for range 3 {
				logs.Record(store.Entry{Username: "ada", Path: "/"})
				storetest.Written(t, logs)
				logs.Record(store.Entry{Username: "ada", Path: "/poll", Kind: store.KindFetch})
				storetest.Written(t, logs)
			}
			if stats := logs.Stats(); stats.Written != 6 {
				t.Errorf("the stats: %+v", stats)
			}
			logged.await(t, "allow copy, lpushx and exists, and the keys userlog:kept:*")
		})
	}
}

// A script that may not call one of its commands says so in other words. The application says once that it can't keep failures, and goes on.
func TestFailuresMayNotBeKept(t *testing.T) {
	for _, lacking := range []string{"-zrevrange", "-zscore", "-evalsha", "-script|load"} {
		t.Run(lacking, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			if err := server.Client(t).Do(t.Context(), "acl", "setuser", "default", lacking).Err(); err != nil {
				t.Fatal(err)
			}
			var logged buffer
			logs := storetest.Open(t, redistest.Patient(t, server.Client(t)), store.Options{Logger: slog.New(slog.NewTextHandler(&logged, nil))})
			for n := range 3 {
				logs.Record(store.Entry{Username: "ada", Path: fmt.Sprintf("/%d", n), Code: 500})
				storetest.Written(t, logs)
			}
			logged.await(t, "does not let failures be kept longer than a log")
			if stats := logs.Stats(); stats.Written != 3 {
				t.Errorf("the stats: %+v", stats)
			}
		})
	}
}

// On a Cluster, entries are written by a script. If Redis lacks the script, and it may not be loaded, the second is what has to be mended.
func TestAClusterSaysThatScriptsMayNotBeLoaded(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 1)
	do(t, cluster.Nodes[0], "acl", "setuser", "default", "-script|load")
	var logged buffer
	logs := storetest.Open(t, cluster.Client(t), store.Options{Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	storetest.Record(logs, "ada", 0, 1)
	logged.await(t, "NOPERM")
	do(t, cluster.Nodes[0], "acl", "setuser", "default", "+script|load")
	storetest.Written(t, logs)
}

// The error says how to write a password in a URL, and does not repeat the password.
func TestBadURLSaysHowToWriteAPassword(t *testing.T) {
	for _, url := range []string{"redis://:hunt#er2@localhost:6379/0", "redis://:hunt/er2@localhost:6379/0", "redis://:hunt%er2@localhost:6379/0", "redis://ada:hunt?er2@localhost:6379/0"} {
		_, err := store.Open(url, store.Options{})
		if err == nil || !strings.Contains(err.Error(), "%23 %25 %2F %40 %3F") || strings.Contains(err.Error(), "hunt") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// TestChannelsOfDatabasesAreApart watches one database while another one is recorded in.
func TestChannelsOfDatabasesAreApart(t *testing.T) {
	server := redistest.Start(t)
	open := func(db int) *store.Store {
		options, err := redis.ParseURL(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		options.DB = db
		client := redis.NewClient(options)
		t.Cleanup(func() { client.Close() })
		logs, err := store.New(client, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = logs.Close(context.Background()) })
		return logs
	}
	four, five := open(4), open(5)
	watched := server.Client(t).PSubscribe(t.Context(), "userlog:db4:log:*")
	defer watched.Close()
	if _, err := watched.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	five.Record(store.Entry{Username: "ada", Method: "GET", Path: "/five", Code: 200})
	for five.Stats().Written == 0 {
		time.Sleep(time.Millisecond)
	}
	four.Record(store.Entry{Username: "ada", Method: "GET", Path: "/four", Code: 200})
	message, err := watched.ReceiveMessage(t.Context())
	if err != nil || !strings.Contains(message.Payload, "/four") {
		t.Errorf("database 4 hears %v, %v", message, err)
	}
}

// buffer is what a logger has written.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *buffer) await(t *testing.T, want string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !strings.Contains(b.String(), want); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%q is not logged: %s", want, b.String())
		}
	}
}

// TestCloseHasABoundOfItsOwn closes without a deadline while Redis does not answer.
func TestCloseHasABoundOfItsOwn(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs, err := store.Open(server.URL, store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	server.Kill()
	logs.Record(store.Entry{Username: "ada", Method: "GET", Path: "/", Code: 200})
	if err := logs.Close(context.Background()); err == nil || !strings.Contains(err.Error(), "1 log entries not written") {
		t.Errorf("closed: %v", err)
	}
}
