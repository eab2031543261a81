package store_test

import (
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
)

func TestMain(m *testing.M) { redistest.VerifyNoLeaks(m) }

// open returns a store that is closed, and whose books are checked, at the end of the test.
func open(t *testing.T, client redis.UniversalClient, options store.Options) *store.Store {
	t.Helper()
	if options.Logger == nil {
		options.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	logs, err := store.New(client, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = logs.Close(ctx) // a test that loses entries on purpose has looked at them
		balanced(t, logs.Stats())
	})
	return logs
}

func balanced(t *testing.T, s store.Stats) {
	t.Helper()
	if sum := s.Written + s.Dropped.Total() + s.Indeterminate + s.Queued; sum != s.Accepted {
		t.Errorf("the books do not balance: %+v", s)
	}
}

// until waits for something that other goroutines bring about.
func until(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !happened(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("did not happen: %s", what)
		}
	}
}

// written waits until everything recorded has been written.
func written(t *testing.T, logs *store.Store) {
	t.Helper()
	until(t, "everything is written", func() bool { return logs.Stats().Queued == 0 })
}

func entry(username string, n int) store.Entry {
	return store.Entry{Username: username, Method: "GET", Path: fmt.Sprintf("/%d", n), Code: 200}
}

// paths are the entries' paths without the slash.
func paths(entries []store.Entry) string {
	var b strings.Builder
	for _, e := range entries {
		b.WriteString(strings.TrimPrefix(e.Path, "/") + " ")
	}
	return strings.TrimSpace(b.String())
}

func TestRecordKeepsTheNewest(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		ctx := t.Context()
		logs := open(t, client, store.Options{MaxEntries: 5, Retention: time.Minute})
		for n := range 250 {
			logs.Record(entry("ada", n))
			logs.Record(entry("bob", -n))
		}
		written(t, logs)
		log, err := logs.Log(ctx, "ada")
		if err != nil {
			t.Fatal(err)
		}
		if got := paths(log.Entries); got != "249 248 247 246 245" {
			t.Errorf("ada's log: %s", got)
		}
		if n, err := client.LLen(ctx, logs.Keys().Log("ada")).Result(); err != nil || n != 5 {
			t.Errorf("the list has %d entries, %v", n, err)
		}
		for _, key := range client.Keys(ctx, "*").Val() {
			limit := time.Minute
			if strings.HasPrefix(key, "userlog:application") {
				limit = time.Hour // not about users
			}
			if ttl := client.PTTL(ctx, key).Val(); ttl <= 0 || ttl > limit {
				t.Errorf("%s expires in %v", key, ttl)
			}
		}
		ids := map[string]bool{}
		for _, e := range log.Entries {
			ids[e.ID] = true
		}
		if len(ids) != 5 || ids[""] {
			t.Errorf("ids: %v", ids)
		}
	})
}

func TestUsernamesAreNotPatterns(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		logs := open(t, client, store.Options{})
		names := []string{"*", "al*", "alice", "[a-z]", "a", "a:b", "{x}", "Ünï", "<b>", "a b", "🙂"}
		for n, name := range names {
			logs.Record(entry(name, n))
		}
		written(t, logs)
		for n, name := range names {
			log, err := logs.Log(t.Context(), name)
			if err != nil || paths(log.Entries) != fmt.Sprint(n) || log.Entries[0].Username != name {
				t.Errorf("%q: %v, %v", name, log.Entries, err)
			}
			found, err := logs.Suggest(t.Context(), name, 20)
			if err != nil || len(found) == 0 {
				t.Errorf("suggestions for %q: %v, %v", name, found, err)
			}
			for _, seen := range found {
				if !strings.HasPrefix(strings.ToLower(seen.Username), strings.ToLower(name)) {
					t.Errorf("%q is suggested for %q", seen.Username, name)
				}
			}
		}
		if found, err := logs.Suggest(t.Context(), "üN", 20); err != nil || len(found) != 1 || found[0].Username != "Ünï" {
			t.Errorf("case is not ignored: %v, %v", found, err)
		}
		seen, err := logs.LastSeen(t.Context(), 3)
		if err != nil || len(seen) != 3 {
			t.Errorf("last seen: %v, %v", seen, err)
		}
	})
}

func TestRecordMasksAndCuts(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		logs := open(t, client, store.Options{MaskQuery: []string{"iban"}})
		e := entry("ada", 1)
		e.Path = "/pay?iban=DE02&token=hunter2&page=1&x=" + strings.Repeat("w ", 3000)
		logs.Record(e)
		written(t, logs)
		lines, err := client.LRange(t.Context(), logs.Keys().Log("ada"), 0, -1).Result()
		if err != nil || len(lines) != 1 {
			t.Fatal(lines, err)
		}
		if strings.Contains(lines[0], "hunter2") || strings.Contains(lines[0], "DE02") || !strings.Contains(lines[0], "page=1") {
			t.Errorf("not masked: %s", lines[0])
		}
		if len(lines[0]) > store.MaxEntryBytes || !strings.Contains(lines[0], `"truncated":true`) || logs.Stats().Truncated != 1 {
			t.Errorf("not cut or not counted: %d bytes, %+v", len(lines[0]), logs.Stats())
		}
	})
}

func TestRecordNamesTheApplication(t *testing.T) {
	logs := open(t, redistest.Start(t).Client(t), store.Options{Application: "shop"})
	logs.Record(store.Entry{Username: "ada"})
	logs.Record(store.Entry{Username: "ada", Application: "relayed"})
	written(t, logs)
	log, err := logs.Log(t.Context(), "ada")
	if err != nil || len(log.Entries) != 2 || log.Entries[1].Application != "shop" || log.Entries[0].Application != "relayed" {
		t.Errorf("%+v, %v", log, err)
	}
}

func TestLogSkipsWhatIsForeign(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		logs := open(t, client, store.Options{KeyPrefix: store.NoKeyPrefix})
		django := `{"method": "GET", "path": "/django", "code": 200, "time": 1795429800.5}`
		if err := client.LPush(t.Context(), "log:ada", django, "garbage", "\x00\xff", `{}`).Err(); err != nil {
			t.Fatal(err)
		}
		log, err := logs.Log(t.Context(), "ada")
		if err != nil || paths(log.Entries) != "django" || log.Skipped != 3 {
			t.Errorf("got %+v, %v", log, err)
		}
		if log, err := logs.Log(t.Context(), "nobody"); err != nil || len(log.Entries) != 0 {
			t.Errorf("nobody's log: %+v, %v", log, err)
		}
	})
}

func TestForeignKeysReadAsEmpty(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		ctx := t.Context()
		logs := open(t, client, store.Options{})
		keys := logs.Keys()
		for _, key := range []string{keys.Log("ada"), keys.Users(), keys.Names(), keys.Trouble(), keys.Applications()} {
			if err := client.Set(ctx, key, "somebody else's", 0).Err(); err != nil {
				t.Fatal(err)
			}
		}
		if log, err := logs.Log(ctx, "ada"); err != nil || len(log.Entries) != 0 || log.Skipped != 1 {
			t.Errorf("the log: %+v, %v", log, err)
		}
		if seen, err := logs.LastSeen(ctx, 5); err != nil || len(seen) != 0 {
			t.Errorf("seen last: %v, %v", seen, err)
		}
		if found, err := logs.Suggest(ctx, "a", 5); err != nil || len(found) != 0 {
			t.Errorf("suggestions: %v, %v", found, err)
		}
		if found, err := logs.InTrouble(ctx, 5); err != nil || len(found) != 0 {
			t.Errorf("in trouble: %v, %v", found, err)
		}
		if found, err := logs.Applications(ctx); err != nil || len(found) != 0 {
			t.Errorf("applications: %v, %v", found, err)
		}
		client.Del(ctx, keys.Applications())
		client.SAdd(ctx, keys.Applications(), "foreign")
		client.LPush(ctx, keys.Application("foreign"), "a list")
		logs.Announce()
		reporting(t, logs, 1)
	})
}

func TestDroppedEntriesAreCounted(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		ctx := t.Context()
		logs := open(t, client, store.Options{})
		if err := client.Set(ctx, logs.Keys().Log("taken"), "not a list", 0).Err(); err != nil {
			t.Fatal(err)
		}
		logs.Record(entry("a\nb", 1))
		logs.Record(entry("taken", 1))
		logs.Record(entry("ada", 1))
		written(t, logs)
		if err := logs.Close(ctx); err != nil {
			t.Fatal(err)
		}
		logs.Record(entry("ada", 2))
		want := store.Stats{Accepted: 4, Written: 1, Connected: true, Dropped: store.Dropped{InvalidUsername: 1, Refused: 1, Closed: 1}}
		got := logs.Stats()
		got.BatchSizes, got.WriteSeconds = store.Histogram{}, store.Histogram{}
		if got != want {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
	})
}

func TestAForeignIndexStopsNoEntries(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		ctx := t.Context()
		var said strings.Builder
		logs := open(t, client, store.Options{Logger: slog.New(slog.NewTextHandler(&said, nil))})
		names := logs.Keys().Names()
		if err := client.Set(ctx, names, "somebody else's", 0).Err(); err != nil {
			t.Fatal(err)
		}
		for n := range 3 {
			logs.Record(entry(fmt.Sprintf("user-%d", n), n))
			written(t, logs)
		}
		if stats := logs.Stats(); stats.Written != 3 || stats.IndexRefused < 1 || !stats.Connected {
			t.Errorf("the books: %+v", stats)
		}
		if seen, err := logs.LastSeen(ctx, 5); err != nil || len(seen) != 3 {
			t.Errorf("seen last: %v, %v", seen, err)
		}
		client.Del(ctx, names)
		logs.Record(entry("user-4", 4))
		written(t, logs)
		if got := suggested(t, logs, "user-", 5); got != "user-4" {
			t.Errorf("after the key is gone: %s", got)
		}
		if err := logs.Close(ctx); err != nil {
			t.Fatal(err)
		}
		if got := said.String(); strings.Count(got, "holds something else") != 1 || !strings.Contains(got, names) || !strings.Contains(got, "written again") {
			t.Errorf("the log says: %s", got)
		}
	})
}

func TestCloseWritesWhatIsQueued(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		logs := open(t, client, store.Options{MaxEntries: 5000})
		for n := range 4000 {
			logs.Record(entry("ada", n))
		}
		if err := logs.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := client.LLen(t.Context(), logs.Keys().Log("ada")).Val(); n != 4000 || logs.Stats().Written != 4000 {
			t.Errorf("%d in the list, %+v", n, logs.Stats())
		}
	})
}

func TestOutageLosesNothingThatFits(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	logs := open(t, server.Client(t), store.Options{MaxEntries: 500, QueueSize: 300})
	for n := range 100 {
		logs.Record(entry("ada", n))
	}
	written(t, logs)
	server.Kill()
	for n := 100; n < 650; n++ {
		logs.Record(entry("ada", n))
	}
	until(t, "the outage is noticed", func() bool { return !logs.Stats().Connected })
	balanced(t, logs.Stats())
	server.Restart()
	written(t, logs)
	stats := logs.Stats()
	if stats.Dropped.QueueFull < 150 || stats.Dropped.QueueFull > 250 || stats.Indeterminate != 0 || !stats.Connected {
		t.Errorf("after the outage: %+v", stats)
	}
	log, err := logs.Log(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	if len(log.Entries) != int(stats.Written) {
		t.Errorf("%d entries in the log, %d written", len(log.Entries), stats.Written)
	}
	before := 650
	for _, e := range log.Entries {
		n, err := strconv.Atoi(strings.TrimPrefix(e.Path, "/"))
		if err != nil || n >= before {
			t.Fatalf("%s comes after /%d", e.Path, before)
		}
		before = n
	}
}

func TestCloseWithAHungRedis(t *testing.T) {
	server := redistest.Start(t)
	logs := open(t, server.Client(t), store.Options{})
	logs.Record(entry("ada", 0))
	written(t, logs)
	server.Pause()
	for n := range 1000 {
		logs.Record(entry("ada", n))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	started := time.Now()
	err := logs.Close(ctx)
	if err == nil {
		t.Error("Close did not say that entries were lost")
	}
	if took := time.Since(started); took > 3*time.Second {
		t.Errorf("Close took %v", took)
	}
	closed := logs.Stats()
	if closed.Queued != 0 || closed.Written != 1 || closed.Dropped.Closed+closed.Indeterminate != 1000 {
		t.Errorf("the books when Close returns: %+v", closed)
	}
}

func TestBadOptions(t *testing.T) {
	for _, test := range []struct {
		options store.Options
		names   string
	}{
		{store.Options{MaxEntries: -1}, "MaxEntries is -1"},
		{store.Options{Retention: time.Millisecond}, "Retention is 1ms"},
		{store.Options{QueueSize: -5}, "QueueSize is -5"},
		{store.Options{KeyPrefix: "a*"}, `"a*"`},
		{store.Options{MaskQuery: []string{"--"}}, `"--"`},
	} {
		if _, err := store.Open("redis://localhost", test.options); err == nil || !strings.Contains(err.Error(), test.names) {
			t.Errorf("%+v: got %v, want an error that says %s", test.options, err, test.names)
		}
	}
	for _, url := range []string{"", "localhost:6379", "http://x", "redis://user:hunter2@host:port"} {
		if _, err := store.Open(url, store.Options{}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", url, err)
		}
	}
	if _, err := store.New(nil, store.Options{}); err == nil {
		t.Error("a nil client was accepted")
	}
}
