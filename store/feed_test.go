package store_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// view is what one viewer has been told so far.
type view struct {
	t       *testing.T
	updates *store.Subscription
	entries []*store.Entry
	gaps    int
	lost    int // updates with the state Lost
	state   store.State
}

// watch subscribes to a user's log, or to everyone's where username is "".
func watch(t *testing.T, logs *store.Store, username, after string) *view {
	t.Helper()
	var s *store.Subscription
	var err error
	if username == "" {
		s, err = logs.SubscribeEveryone(after)
	} else {
		s, err = logs.Subscribe(username, after)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return &view{t: t, updates: s}
}

// next waits for the next update.
func (v *view) next() store.Update {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	u, err := v.updates.Next(ctx)
	if err != nil {
		v.t.Fatalf("after %d entries: %v", len(v.entries), err)
	}
	v.entries = append(v.entries, u.Entries...)
	v.state = u.State
	if u.Gap {
		v.gaps++
	}
	if u.State == store.Lost {
		v.lost++
	}
	return u
}

// until takes updates until something holds.
func (v *view) until(holds func() bool) {
	v.t.Helper()
	for !holds() {
		v.next()
	}
}

// live takes updates until the log is live and n entries have been seen in all.
func (v *view) live(n int) {
	v.t.Helper()
	v.until(func() bool { return v.state == store.Live && len(v.entries) >= n })
}

// shows checks the entries seen so far, and that there was no gap.
func (v *view) shows(want string) {
	v.t.Helper()
	if got := v.paths(); got != want || v.gaps != 0 {
		v.t.Errorf("shown, with %d gaps: %s\nwant: %s", v.gaps, got, want)
	}
}

func (v *view) paths() string {
	all := make([]store.Entry, 0, len(v.entries))
	for _, e := range v.entries {
		all = append(all, *e)
	}
	return paths(all)
}

// record records entries of one user with the numbers from up to, but not including, to.
func record(logs *store.Store, username string, from, to int) {
	for n := from; n < to; n++ {
		logs.Record(entry(username, n))
	}
}

// numbers is what the entries of record look like in paths.
func numbers(from, to int) string {
	var b strings.Builder
	for n := from; n < to; n++ {
		b.WriteString(strconv.Itoa(n) + " ")
	}
	return strings.TrimSpace(b.String())
}

func TestJoin(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		logs := open(t, client, store.Options{MaxEntries: 5})
		record(logs, "ada", 0, 8)
		record(logs, "bob", 50, 52)
		written(t, logs)
		first := watch(t, logs, "ada", "")
		if u := first.next(); u.State != store.Live || u.Gap || first.paths() != "3 4 5 6 7" {
			t.Errorf("the first update: %+v, %s", u, first.paths())
		}
		record(logs, "ada", 8, 10)
		record(logs, "bob", 52, 54)
		first.live(7)
		first.shows("3 4 5 6 7 8 9")
		second := watch(t, logs, "ada", "") // the feed knows this log by now
		second.next()
		second.shows("5 6 7 8 9")
		if e := second.entries[4]; e.Username != "ada" || e.ID == "" || time.Since(e.Time) > time.Minute {
			t.Errorf("an entry: %+v", e)
		}
	})
}

func TestJoinAnEmptyLog(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		logs := open(t, client, store.Options{})
		for _, username := range []string{"nobody", "nobody", ""} {
			v := watch(t, logs, username, "")
			if u := v.next(); u.State != store.Live || u.Gap || len(u.Entries) != 0 {
				t.Errorf("the first update of %q: %+v", username, u)
			}
		}
	})
}

func TestSubscribeRefusesABadName(t *testing.T) {
	client := redis.NewClient(&redis.Options{})
	defer client.Close()
	logs := open(t, client, store.Options{})
	if _, err := logs.Subscribe("", ""); !errors.Is(err, store.ErrUsernameEmpty) {
		t.Errorf("no name: %v", err)
	}
	if _, err := logs.Subscribe("a\nb", ""); !errors.Is(err, store.ErrUsernameInvalid) {
		t.Errorf("two lines: %v", err)
	}
}

func TestWatchedNamesAreNotPatterns(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		logs := open(t, client, store.Options{})
		names := []string{"*", "al*", "alice", "[a-z]", "a", "{x}", "ada", ""}
		views := make([]*view, len(names))
		for i, name := range names {
			views[i] = watch(t, logs, name, "")
			views[i].live(0)
		}
		for i, name := range names[:len(names)-1] {
			logs.Record(entry(name, i))
		}
		for i := range names[:len(names)-1] {
			views[i].live(1)
		}
		views[len(names)-1].live(len(names) - 1)
		for i := range names[:len(names)-1] {
			views[i].shows(fmt.Sprint(i))
		}
		views[len(names)-1].shows(numbers(0, len(names)-1))
	})
}

func TestJoinIsQuick(t *testing.T) {
	server := redistest.Start(t)
	quickest := time.Hour
	for range 5 {
		logs := open(t, server.Client(t), store.Options{})
		started := time.Now()
		watch(t, logs, "ada", "").next()
		quickest = min(quickest, time.Since(started))
	}
	if quickest > 100*time.Millisecond { // it takes about 3 ms; with a wait for a tick in it, 250
		t.Errorf("the quickest of 5 joins took %v", quickest)
	}
}

func TestResume(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		logs := open(t, client, store.Options{MaxEntries: 5})
		record(logs, "ada", 0, 5)
		written(t, logs)
		first := watch(t, logs, "ada", "")
		first.live(5)
		id := first.entries[2].ID
		for _, again := range []*store.Store{logs, open(t, client, store.Options{MaxEntries: 5})} {
			rest := watch(t, again, "ada", id)
			rest.next()
			rest.shows("3 4")
			none := watch(t, again, "ada", first.entries[4].ID)
			none.next()
			none.shows("")
			unknown := watch(t, again, "ada", "unknown")
			if u := unknown.next(); !u.Gap || unknown.paths() != "0 1 2 3 4" {
				t.Errorf("after an unknown id: gap %v, %s", u.Gap, unknown.paths())
			}
		}
		record(logs, "ada", 5, 8)
		first.live(8)
		cut := watch(t, logs, "ada", id) // has left the list
		if u := cut.next(); !u.Gap || cut.paths() != "3 4 5 6 7" {
			t.Errorf("after an id that was cut off: gap %v, %s", u.Gap, cut.paths())
		}
	})
}

func TestEveryone(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		logs := open(t, client, store.Options{})
		began := time.Now().Add(-time.Minute)
		for n, username := range []string{"ada", "bob", "*", "ada", "bob", "{x}"} {
			e := entry(username, n)
			e.Time = began.Add(time.Duration(n) * time.Second)
			logs.Record(e)
		}
		written(t, logs)
		first := watch(t, logs, "", "")
		first.next()
		first.shows("0 1 2 3 4 5")
		logs.Record(entry("ada", 6))
		logs.Record(entry("new", 7))
		first.live(8)
		first.shows("0 1 2 3 4 5 6 7")
		if got := first.entries[7].Username; got != "new" {
			t.Errorf("the last is %s's", got)
		}
		rest := watch(t, logs, "", first.entries[6].ID)
		rest.next()
		rest.shows("7")
		if u := watch(t, logs, "", "unknown").next(); !u.Gap || len(u.Entries) != 8 {
			t.Errorf("after an unknown id: %+v", u)
		}
	})
}

func TestBacklogsOfAnySizeAreWhole(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		logs := open(t, client, store.Options{MaxEntries: 4000})
		record(logs, "ada", 0, 4000)
		written(t, logs)
		v := watch(t, logs, "ada", "")
		v.next()
		v.shows(numbers(0, 4000))
	})
}

func TestSlowSubscriberDelaysNobody(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		logs := open(t, client, store.Options{})
		slow, quick := watch(t, logs, "ada", ""), watch(t, logs, "ada", "")
		quick.live(0)
		const all = 6000
		for n := 0; n < all; n += 1000 {
			record(logs, "ada", n, n+1000)
			quick.live(n + 1000)
		}
		quick.shows(numbers(0, all))
		slow.next()
		if slow.gaps != 1 || len(slow.entries) < 100 || slow.paths() != numbers(all-len(slow.entries), all) {
			t.Errorf("the slow one has %d gaps, %d entries", slow.gaps, len(slow.entries))
		}
	})
}

func TestCloseEndsNext(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		logs := open(t, client, store.Options{})
		ends := make(chan error)
		blocked := func() *store.Subscription {
			v := watch(t, logs, "ada", "")
			v.next()
			go func() {
				_, err := v.updates.Next(context.Background())
				ends <- err
			}()
			return v.updates
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
	})
}

func TestNextEndsWithItsContext(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		logs := open(t, client, store.Options{})
		v := watch(t, logs, "ada", "")
		v.live(0)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := v.updates.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		record(logs, "ada", 0, 1)
		v.live(1) // as if nothing had been
		v.shows("0")
	})
}

func TestWithoutPublishing(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		logs := open(t, client, store.Options{NoPublish: true})
		record(logs, "ada", 0, 2)
		written(t, logs)
		first := watch(t, logs, "ada", "")
		first.next()
		first.shows("0 1")
		record(logs, "ada", 2, 4)
		written(t, logs)
		second := watch(t, logs, "ada", "")
		second.next()
		second.shows("0 1 2 3")
		first.live(4) // has the news of the second's arrival
		first.shows("0 1 2 3")
	})
}

func TestWhatHasExpiredIsNotShown(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		logs := open(t, client, store.Options{Retention: time.Second})
		record(logs, "ada", 0, 2)
		keeps := watch(t, logs, "ada", "") // keeps the feed interested
		keeps.live(2)
		until(t, "a new viewer sees nothing", func() bool {
			v := watch(t, logs, "ada", "")
			return len(v.next().Entries) == 0
		})
		record(logs, "ada", 2, 3)
		keeps.live(3)
		keeps.shows("0 1 2")
	})
}

// A list that is read late does not last longer for it.
func TestWhatWasReadExpiresWithItsList(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		logs := open(t, client, store.Options{})
		record(logs, "ada", 0, 2)
		written(t, logs)
		client.PExpire(t.Context(), logs.Keys().Log("ada"), 500*time.Millisecond)
		for _, username := range []string{"ada", ""} {
			watch(t, logs, username, "").live(2)
		}
		until(t, "Redis has forgotten it", func() bool { return client.Exists(t.Context(), logs.Keys().Log("ada")).Val() == 0 })
		for _, username := range []string{"ada", ""} {
			until(t, "a new viewer sees nothing", func() bool {
				v := watch(t, logs, username, "")
				return len(v.next().Entries) == 0 && v.gaps == 0
			})
		}
	})
}

// A viewer whose connection is renewed while nothing happens has missed nothing.
func TestWhoHasSeenWhatExpiredHasMissedNothing(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		logs := open(t, client, store.Options{Retention: time.Second})
		for _, username := range []string{"ada", ""} {
			keeps := watch(t, logs, username, "")
			keeps.live(0)
			record(logs, "ada", 0, 2)
			keeps.live(2)
			until(t, "it has expired", func() bool { return len(watch(t, logs, username, "").next().Entries) == 0 })
			id := keeps.entries[1].ID
			if u := watch(t, logs, username, id).next(); u.Gap || len(u.Entries) != 0 {
				t.Errorf("after what has expired: %+v", u)
			}
			record(logs, "ada", 2, 4)
			keeps.live(4)
			again := watch(t, logs, username, id)
			again.next()
			again.shows("2 3")
		}
	})
}

func TestOneConnectionForAnyNumberOfViewers(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	admin := server.Client(t)
	logs := open(t, admin, store.Options{})
	if n := connections(t, admin); n != 0 {
		t.Errorf("%d connections before there are viewers", n)
	}
	views := []*view{watch(t, logs, "", "")}
	for n := range 200 {
		views = append(views, watch(t, logs, fmt.Sprint(n%50), ""))
	}
	for _, v := range views {
		v.live(0)
	}
	if n := connections(t, admin); n != 1 {
		t.Errorf("%d connections for %d viewers", n, len(views))
	}
	for _, v := range views {
		v.updates.Close()
	}
	until(t, "the connection is closed when the last viewer has gone", func() bool { return connections(t, admin) == 0 })
	record(logs, "7", 0, 1)
	again := watch(t, logs, "7", "")
	again.live(1)
	again.shows("0")
}

// connections counts the connections that have subscribed to something.
func connections(t *testing.T, admin *redis.Client) int {
	t.Helper()
	list, err := admin.Do(context.Background(), "client", "list", "type", "pubsub").Text()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(list, "id=")
}

func TestManyViewersComeAndGo(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		logs := open(t, client, store.Options{})
		record(logs, "ada", 0, 3)
		written(t, logs)
		stays := watch(t, logs, "ada", "")
		stays.live(3)
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
		record(logs, "ada", 3, 4)
		stays.live(4)
		stays.shows("0 1 2 3")
	})
}
