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
