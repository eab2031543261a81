package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

var joining = []test{
	{"Join", testJoin},
	{"JoinAnEmptyLog", testJoinAnEmptyLog},
	{"WatchedNamesAreNotPatterns", testWatchedNamesAreNotPatterns},
	{"Resume", testResume},
	{"Everyone", testEveryone},
	{"BacklogsOfAnySizeAreWhole", testBacklogsOfAnySizeAreWhole},
	{"SlowSubscriberDelaysNobody", testSlowSubscriberDelaysNobody},
	{"CloseEndsNext", testCloseEndsNext},
	{"NextEndsWithItsContext", testNextEndsWithItsContext},
	{"WithoutPublishing", testWithoutPublishing},
	{"WhatHasExpiredIsNotShown", testWhatHasExpiredIsNotShown},
	{"WhatWasReadExpiresWithItsList", testWhatWasReadExpiresWithItsList},
	{"WhoHasSeenWhatExpiredHasMissedNothing", testWhoHasSeenWhatExpiredHasMissedNothing},
	{"ManyViewersComeAndGo", testManyViewersComeAndGo},
	{"PoisonedKeys", testPoisonedKeys},
}

func testJoin(t *testing.T, connect Connect) {
	began := time.Now().Truncate(time.Microsecond)
	client := connect(t)
	logs := Open(t, client, store.Options{MaxEntries: 5})
	Record(logs, "ada", 0, 8)
	Record(logs, "bob", 50, 52)
	Written(t, logs)
	first := Watch(t, logs, "ada", "")
	if u := first.Next(); u.State != store.Live || u.Gap || first.Paths() != "3 4 5 6 7" {
		t.Errorf("the first update: %+v, %s", u, first.Paths())
	}
	Record(logs, "ada", 8, 10)
	Record(logs, "bob", 52, 54)
	first.Live(7)
	first.Shows("3 4 5 6 7 8 9")
	second := Watch(t, logs, "ada", "") // the feed knows this log by now
	second.Next()
	second.Shows("5 6 7 8 9")
	if e := second.Entries[4]; e.Username != "ada" || e.ID == "" || e.Time.Before(began) {
		t.Errorf("an entry: %+v", e)
	}
}

func testJoinAnEmptyLog(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{})
	for _, username := range []string{"nobody", "nobody", ""} {
		v := Watch(t, logs, username, "")
		if u := v.Next(); u.State != store.Live || u.Gap || len(u.Entries) != 0 {
			t.Errorf("the first update of %q: %+v", username, u)
		}
	}
}

func testWatchedNamesAreNotPatterns(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{})
	names := []string{"*", "al*", "alice", "[a-z]", "a", "{x}", "ada", ""}
	views := make([]*View, len(names))
	for i, name := range names {
		views[i] = Watch(t, logs, name, "")
		views[i].Live(0)
	}
	for i, name := range names[:len(names)-1] {
		logs.Record(Entry(name, i))
	}
	for i := range names[:len(names)-1] {
		views[i].Live(1)
	}
	views[len(names)-1].Live(len(names) - 1)
	for i := range names[:len(names)-1] {
		views[i].Shows(fmt.Sprint(i))
	}
	views[len(names)-1].Shows(Numbers(0, len(names)-1))
}

func testResume(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{MaxEntries: 5})
	Record(logs, "ada", 0, 5)
	Written(t, logs)
	first := Watch(t, logs, "ada", "")
	first.Live(5)
	id := first.Entries[2].ID
	for _, again := range []*store.Store{logs, Open(t, client, store.Options{MaxEntries: 5})} {
		rest := Watch(t, again, "ada", id)
		rest.Next()
		rest.Shows("3 4")
		none := Watch(t, again, "ada", first.Entries[4].ID)
		none.Next()
		none.Shows("")
		unknown := Watch(t, again, "ada", "unknown")
		if u := unknown.Next(); !u.Gap || unknown.Paths() != "0 1 2 3 4" {
			t.Errorf("after an unknown id: gap %v, %s", u.Gap, unknown.Paths())
		}
	}
	Record(logs, "ada", 5, 8)
	first.Live(8)
	cut := Watch(t, logs, "ada", id) // has left the list
	if u := cut.Next(); !u.Gap || cut.Paths() != "3 4 5 6 7" {
		t.Errorf("after an id that was cut off: gap %v, %s", u.Gap, cut.Paths())
	}
}

func testEveryone(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{})
	began := time.Now().Add(-time.Minute)
	for n, username := range []string{"ada", "bob", "*", "ada", "bob", "{x}"} {
		e := Entry(username, n)
		e.Time = began.Add(time.Duration(n) * time.Second)
		logs.Record(e)
	}
	Written(t, logs)
	first := Watch(t, logs, "", "")
	first.Next()
	first.Shows("0 1 2 3 4 5")
	logs.Record(Entry("ada", 6))
	logs.Record(Entry("new", 7))
	first.Live(8)
	first.Shows("0 1 2 3 4 5 6 7")
	if got := first.Entries[7].Username; got != "new" {
		t.Errorf("the last is %s's", got)
	}
	rest := Watch(t, logs, "", first.Entries[6].ID)
	rest.Next()
	rest.Shows("7")
	if u := Watch(t, logs, "", "unknown").Next(); !u.Gap || len(u.Entries) != 8 {
		t.Errorf("after an unknown id: %+v", u)
	}
}

func testBacklogsOfAnySizeAreWhole(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{MaxEntries: 4000})
	Record(logs, "ada", 0, 4000)
	Written(t, logs)
	v := Watch(t, logs, "ada", "")
	v.Next()
	v.Shows(Numbers(0, 4000))
}

func testSlowSubscriberDelaysNobody(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{})
	slow, quick := Watch(t, logs, "ada", ""), Watch(t, logs, "ada", "")
	quick.Live(0)
	const all, atOnce = 6000, 500 // the quick one is given less at once than a viewer may be behind
	for n := 0; n < all; n += atOnce {
		Record(logs, "ada", n, n+atOnce)
		quick.Live(n + atOnce)
	}
	quick.Shows(Numbers(0, all))
	slow.Next()
	if slow.Gaps != 1 || len(slow.Entries) < 100 || slow.Paths() != Numbers(all-len(slow.Entries), all) {
		t.Errorf("the slow one has %d gaps, %d entries", slow.Gaps, len(slow.Entries))
	}
}

func testCloseEndsNext(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{})
	ends := make(chan error)
	blocked := func() *store.Subscription {
		v := Watch(t, logs, "ada", "")
		v.Next()
		go func() {
			_, err := v.Updates.Next(context.Background())
			ends <- err
		}()
		return v.Updates
	}
	one, _ := blocked(), blocked()
	one.Close()
	one.Close()
	if err := <-ends; !errors.Is(err, store.ErrClosed) {
		t.Errorf("after Subscription.Close: %v", err)
	}
	if err := logs.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-ends; !errors.Is(err, store.ErrClosed) {
		t.Errorf("after Store.Close: %v", err)
	}
	if _, err := logs.Subscribe("ada", ""); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Subscribe after Store.Close: %v", err)
	}
	if err := logs.Close(t.Context()); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}

func testNextEndsWithItsContext(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{})
	v := Watch(t, logs, "ada", "")
	v.Live(0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Updates.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	Record(logs, "ada", 0, 1)
	v.Live(1) // as if nothing had been
	v.Shows("0")
}

func testWithoutPublishing(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{NoPublish: true})
	Record(logs, "ada", 0, 2)
	Written(t, logs)
	first := Watch(t, logs, "ada", "")
	first.Next()
	first.Shows("0 1")
	Record(logs, "ada", 2, 3)
	first.Live(3) // by a look at the list
	Record(logs, "ada", 3, 4)
	Written(t, logs)
	second := Watch(t, logs, "ada", "")
	second.Next()
	second.Shows("0 1 2 3")
	first.Live(4) // has the news of the second's arrival
	first.Shows("0 1 2 3")

	logs.Announce()
	other := Open(t, connectAgain(t, logs), store.Options{}) // which learns it from the application's heartbeat
	third := Watch(t, other, "ada", "")
	third.Until(func() bool { return third.State == store.Unpublished })
	Record(logs, "ada", 4, 5)
	third.Live(5)
	third.Shows("0 1 2 3 4")
}

func testWhatHasExpiredIsNotShown(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{Retention: time.Second})
	keeps := Watch(t, logs, "ada", "") // keeps the feed interested, and is told before anything can expire
	keeps.Live(0)
	Record(logs, "ada", 0, 2)
	keeps.Live(2)
	redistest.Eventually(t, "a new viewer sees nothing", func() bool {
		v := Watch(t, logs, "ada", "")
		return len(v.Next().Entries) == 0
	})
	Record(logs, "ada", 2, 3)
	keeps.Live(3)
	keeps.Shows("0 1 2")
}

// A list that is read late does not last longer for it.
func testWhatWasReadExpiresWithItsList(t *testing.T, connect Connect) {
	client, logs := readLate(t, connect, 500*time.Millisecond)
	redistest.Eventually(t, "Redis has forgotten it", func() bool { return client.Exists(t.Context(), Keys(logs).Log("ada")).Val() == 0 })
	for _, username := range []string{"ada", ""} {
		redistest.Eventually(t, "a new viewer sees nothing", func() bool {
			v := Watch(t, logs, username, "")
			return len(v.Next().Entries) == 0 && v.Gaps == 0
		})
	}
}

// readLate returns a store that has read a log with two entries, of ada and of everyone, so long or less before the log
// expires. On a machine that takes longer than that to read it, it begins again with more time.
func readLate(t *testing.T, connect Connect, left time.Duration) (client *redis.Client, logs *store.Store) {
	t.Helper()
	client = connect(t)
	logs = Open(t, client, store.Options{})
	Record(logs, "ada", 0, 2)
	Written(t, logs)
	client.PExpire(t.Context(), Keys(logs).Log("ada"), left)
	for _, username := range []string{"ada", ""} {
		if seen := Watch(t, logs, username, "").Next(); len(seen.Entries) == 0 {
			return readLate(t, connect, 4*left)
		}
	}
	return client, logs
}

// A viewer whose connection is renewed while nothing happens has missed nothing.
func testWhoHasSeenWhatExpiredHasMissedNothing(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{Retention: time.Second})
	for _, username := range []string{"", "ada"} { // everyone first, who would be shown what ada did then
		records := cmp.Or(username, "bob")
		keeps := Watch(t, logs, username, "")
		keeps.Live(0)
		Record(logs, records, 0, 2)
		keeps.Live(2)
		redistest.Eventually(t, "what is recorded next is there when it is read", func() bool {
			n := len(keeps.Entries)
			redistest.Eventually(t, "it has expired", func() bool { return len(Watch(t, logs, username, "").Next().Entries) == 0 })
			id := keeps.Entries[n-1].ID
			if u := Watch(t, logs, username, id).Next(); u.Gap || len(u.Entries) != 0 {
				t.Errorf("after what has expired: %+v", u)
			}
			Record(logs, records, n, n+2)
			keeps.Live(n + 2)
			again := Watch(t, logs, username, id)
			again.Next()
			if client.Exists(t.Context(), Keys(logs).Log(records)).Val() == 0 {
				return false // on a busy machine the read was late
			}
			again.Shows(Numbers(n, n+2))
			return true
		})
	}
}

func testManyViewersComeAndGo(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{})
	Record(logs, "ada", 0, 3)
	Written(t, logs)
	stays := Watch(t, logs, "ada", "")
	stays.Live(3)
	for range 10_000 {
		s, err := logs.Subscribe("ada", "")
		if err != nil {
			t.Fatal(err)
		}
		if u, err := s.Next(t.Context()); err != nil || len(u.Entries) != 3 {
			t.Fatalf("%+v, %v", u, err)
		}
		s.Close()
	}
	Record(logs, "ada", 3, 4)
	stays.Live(4)
	stays.Shows("0 1 2 3")
}

// testPoisonedKeys has somebody put other things where logs are.
func testPoisonedKeys(t *testing.T, connect Connect) {
	client := connect(t)
	ctx := t.Context()
	logs := Open(t, client, store.Options{})
	keys := Keys(logs)
	Record(logs, "ada", 0, 2)
	Record(logs, "evil", 0, 1)
	Written(t, logs)
	client.Set(ctx, keys.Log("evil"), "not a list", 0)
	evil, ada, all := Watch(t, logs, "evil", ""), Watch(t, logs, "ada", ""), Watch(t, logs, "", "")
	for _, v := range []*View{evil, ada, all} {
		if u := v.Next(); u.State != store.Live || u.Gap {
			t.Fatalf("after a key of another type: %+v", u)
		}
	}
	for _, payload := range []string{"", "garbage", "{}", "\x00\xff", "[]", "null", strings.Repeat("[", 10_000), `{"method":1}`} {
		client.Publish(ctx, keys.LogChannel("ada"), payload)
		client.LPush(ctx, keys.Log("ada"), payload)
	}
	client.Publish(ctx, keys.LogChannel(""), `{"method":"GET","path":"/nobody","code":200}`)
	client.Publish(ctx, keys.LogChannel("ada"), `{"id":"a","username":"bob","method":"GET","path":"/2","code":200}`)
	ada.Live(3)
	all.Live(3)
	if got := ada.Entries[2].Username; got != "ada" {
		t.Errorf("on ada's channel is an entry of %q", got)
	}
	Record(logs, "ada", 3, 5)
	ada.Live(5)
	ada.Shows("0 1 2 3 4")
	client.Del(ctx, keys.Index(1).Users(0))
	client.Set(ctx, keys.Index(1).Users(0), "not a set", 0)
	bob, everyone := Watch(t, logs, "bob", ""), Watch(t, Open(t, client, store.Options{}), "", "")
	bob.Live(0)
	everyone.Live(0)
	everyone.Shows("")
}
