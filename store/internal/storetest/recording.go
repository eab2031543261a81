package storetest

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

var recording = []test{
	{"RecordKeepsTheNewest", testRecordKeepsTheNewest},
	{"UsernamesAreNotPatterns", testUsernamesAreNotPatterns},
	{"RecordMasksAndCuts", testRecordMasksAndCuts},
	{"LogSkipsWhatIsForeign", testLogSkipsWhatIsForeign},
	{"ForeignKeysReadAsEmpty", testForeignKeysReadAsEmpty},
	{"DroppedEntriesAreCounted", testDroppedEntriesAreCounted},
	{"AForeignIndexStopsNoEntries", testAForeignIndexStopsNoEntries},
	{"CloseWritesWhatIsQueued", testCloseWritesWhatIsQueued},
}

func testRecordKeepsTheNewest(t *testing.T, connect Connect) {
	client := connect(t)
	ctx := t.Context()
	logs := Open(t, client, store.Options{MaxEntries: 5, Retention: time.Minute})
	for n := range 250 {
		logs.Record(Entry("ada", n))
		logs.Record(Entry("bob", -n))
	}
	Written(t, logs)
	log, err := logs.Log(ctx, "ada")
	if err != nil {
		t.Fatal(err)
	}
	if got := Paths(log.Entries); got != "249 248 247 246 245" {
		t.Errorf("ada's log: %s", got)
	}
	if n, err := client.LLen(ctx, Keys(logs).Log("ada")).Result(); err != nil || n != 5 {
		t.Errorf("the list has %d entries, %v", n, err)
	}
	for _, key := range client.Keys(ctx, "*").Val() {
		limit := time.Minute
		switch {
		case strings.HasPrefix(key, "userlog:application"):
			limit = time.Hour // not about users
		case strings.HasPrefix(key, "userlog:users"), strings.HasPrefix(key, "userlog:names"):
			limit = logs.Options().Remember
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
}

func testUsernamesAreNotPatterns(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{})
	names := []string{"*", "al*", "alice", "[a-z]", "a", "a:b", "{x}", "Ünï", "<b>", "a b", "🙂"}
	for n, name := range names {
		logs.Record(Entry(name, n))
	}
	Written(t, logs)
	for n, name := range names {
		log, err := logs.Log(t.Context(), name)
		if err != nil || Paths(log.Entries) != fmt.Sprint(n) || log.Entries[0].Username != name {
			t.Errorf("%q: %v, %v", name, log.Entries, err)
		}
		found := searchedOnceRead(t, logs, name, 20)
		if len(found.Users) == 0 || found.Near || found.Users[0].Username != name {
			t.Errorf("searched %q: %v", name, found)
		}
		for _, seen := range found.Users {
			if !strings.Contains(strings.ToLower(seen.Username), strings.ToLower(strings.Trim(name, "[]<>:"))) {
				t.Errorf("%q is found for %q", seen.Username, name)
			}
		}
	}
	if found := searched(t, logs, "üN", 20); found != "Ünï" {
		t.Errorf("case is not ignored: %s", found)
	}
	seen, err := logs.LastSeen(t.Context(), 3)
	if err != nil || len(seen) != 3 {
		t.Errorf("last seen: %v, %v", seen, err)
	}
}

func testRecordMasksAndCuts(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{MaskQuery: []string{"iban"}})
	e := Entry("ada", 1)
	e.Path = "/pay?iban=DE02&token=hunter2&page=1&x=" + strings.Repeat("w ", 3000)
	logs.Record(e)
	Written(t, logs)
	lines, err := client.LRange(t.Context(), Keys(logs).Log("ada"), 0, -1).Result()
	if err != nil || len(lines) != 1 {
		t.Fatal(lines, err)
	}
	if strings.Contains(lines[0], "hunter2") || strings.Contains(lines[0], "DE02") || !strings.Contains(lines[0], "page=1") {
		t.Errorf("not masked: %s", lines[0])
	}
	if len(lines[0]) > store.MaxEntryBytes || !strings.Contains(lines[0], `"truncated":true`) || logs.Stats().Truncated != 1 {
		t.Errorf("not cut or not counted: %d bytes, %+v", len(lines[0]), logs.Stats())
	}
}

func testLogSkipsWhatIsForeign(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{KeyPrefix: store.NoKeyPrefix})
	django := `{"method": "GET", "path": "/django", "code": 200, "time": 1795429800.5}`
	if err := client.LPush(t.Context(), "log:ada", django, "garbage", "\x00\xff", `{}`).Err(); err != nil {
		t.Fatal(err)
	}
	log, err := logs.Log(t.Context(), "ada")
	if err != nil || Paths(log.Entries) != "django" || log.Skipped != 3 {
		t.Errorf("got %+v, %v", log, err)
	}
	if log, err := logs.Log(t.Context(), "nobody"); err != nil || len(log.Entries) != 0 {
		t.Errorf("nobody's log: %+v, %v", log, err)
	}
}

func testForeignKeysReadAsEmpty(t *testing.T, connect Connect) {
	client := connect(t)
	ctx := t.Context()
	logs := Open(t, client, store.Options{})
	keys := Keys(logs)
	for _, key := range []string{keys.Log("ada"), keys.Index(1).Users(0), keys.Index(1).Names(0), keys.Index(1).Trouble(0), keys.Applications()} {
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
	if found, err := logs.Search(ctx, "a", 5); err != nil || len(found.Users) != 0 {
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
	Reporting(t, logs, 1)
}

func testDroppedEntriesAreCounted(t *testing.T, connect Connect) {
	client := connect(t)
	ctx := t.Context()
	logs := Open(t, client, store.Options{})
	if err := client.Set(ctx, Keys(logs).Log("taken"), "not a list", 0).Err(); err != nil {
		t.Fatal(err)
	}
	logs.Record(Entry("a\nb", 1))
	logs.Record(Entry("taken", 1))
	logs.Record(Entry("ada", 1))
	Written(t, logs)
	if err := logs.Close(ctx); err != nil {
		t.Fatal(err)
	}
	logs.Record(Entry("ada", 2))
	want := store.Stats{Accepted: 4, Written: 1, Connected: true, Dropped: store.Dropped{InvalidUsername: 1, Refused: 1, Closed: 1}}
	got := logs.Stats()
	got.BatchSizes, got.WriteSeconds = store.Histogram{}, store.Histogram{}
	if got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func testAForeignIndexStopsNoEntries(t *testing.T, connect Connect) {
	client := connect(t)
	ctx := t.Context()
	var said strings.Builder
	logs := Open(t, client, store.Options{Logger: slog.New(slog.NewTextHandler(&said, nil))})
	names := Keys(logs).Index(1).Names(0)
	if err := client.Set(ctx, names, "somebody else's", 0).Err(); err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		logs.Record(Entry(fmt.Sprintf("user-%d", n), n))
		Written(t, logs)
	}
	if stats := logs.Stats(); stats.Written != 3 || stats.IndexRefused < 1 || !stats.Connected {
		t.Errorf("the stats: %+v", stats)
	}
	if seen, err := logs.LastSeen(ctx, 5); err != nil || len(seen) != 3 {
		t.Errorf("seen last: %v, %v", seen, err)
	}
	client.Del(ctx, names)
	logs.Record(Entry("user-4", 4))
	Written(t, logs)
	if got := searched(t, logs, "user-", 5); got != "user-0 user-1 user-2 user-4" {
		t.Errorf("after the key is gone: %s", got)
	}
	if err := logs.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if got := said.String(); strings.Count(got, "holds something else") != 1 || !strings.Contains(got, names) || !strings.Contains(got, "written again") {
		t.Errorf("the log says: %s", got)
	}
}

func testCloseWritesWhatIsQueued(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{MaxEntries: 5000})
	for n := range 4000 {
		logs.Record(Entry("ada", n))
	}
	ctx, cancel := context.WithTimeout(t.Context(), redistest.Patience)
	defer cancel()
	if err := logs.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if n := client.LLen(t.Context(), Keys(logs).Log("ada")).Val(); n != 4000 || logs.Stats().Written != 4000 {
		t.Errorf("%d in the list, %+v", n, logs.Stats())
	}
}
