package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// at is entry with the time by the clock of whoever recorded it.
func at(username string, n int, ahead time.Duration) store.Entry {
	e := entry(username, n)
	e.Time = time.Now().Add(ahead)
	return e
}

// A viewer who comes back to a process that has not listened meanwhile is given exactly the rest, or told
// that this can't be.
func TestResumeEveryoneFromLists(t *testing.T) {
	for _, c := range []struct {
		name      string
		meanwhile func(logs *store.Store)
		want      string // "" = a gap
	}{
		{"nothing happened", func(*store.Store) {}, "-"},
		{"the same user went on", func(logs *store.Store) { record(logs, "ada", 1, 10) }, numbers(1, 10)},
		{"another one did, later", func(logs *store.Store) { logs.Record(at("bob", 1, 6*time.Second)) }, ""}, // by a clock that does not agree
		{"another one did at once", func(logs *store.Store) { record(logs, "bob", 1, 2) }, ""},
		{"another one did by a clock that is behind", func(logs *store.Store) { logs.Record(at("bob", 1, -time.Minute)) }, ""},
		{"a list was cut off", func(logs *store.Store) { record(logs, "bob", 1, 61) }, ""},
		{"the same user's list was cut off", func(logs *store.Store) { record(logs, "ada", 1, 61) }, ""},
		{"too many users did", func(logs *store.Store) {
			for n := range 150 {
				logs.Record(entry(fmt.Sprint("user", n), n))
			}
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
				application := open(t, client, store.Options{})
				first := watch(t, open(t, client, store.Options{}), "", "")
				first.live(0)
				record(application, "ada", 0, 1)
				first.live(1)
				first.updates.Close()
				c.meanwhile(application)
				written(t, application)
				again := watch(t, open(t, client, store.Options{}), "", first.entries[0].Cursor())
				u := again.next()
				if got := "-"; !u.Gap {
					if len(again.entries) > 0 {
						got = again.paths()
					}
					if got != c.want {
						t.Errorf("shown without a gap: %s", got)
					}
				} else if c.want != "" {
					t.Errorf("a gap before %s", again.paths())
				}
			})
		})
	}
}

// What another user did before, by Redis' clock, is no reason for a gap.
func TestResumeEveryoneWhereOthersWereEarlier(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client(t)
	application := open(t, client, store.Options{})
	record(application, "bob", 0, 2)
	written(t, application)
	first := watch(t, open(t, client, store.Options{}), "", "")
	first.live(2)
	earlier := time.Second
	until(t, "that was a while ago", func() bool {
		left := client.PTTL(t.Context(), application.Keys().Log("bob")).Val()
		return time.Hour-left > earlier
	})
	record(application, "ada", 2, 3)
	first.live(3)
	again := watch(t, open(t, client, store.Options{}), "", first.entries[2].Cursor())
	again.next()
	again.shows("")
}

// Who has seen an order that a process made up by clocks goes on there where she was. Elsewhere, where the order
// may be another, she is told of a gap: nothing is missing without one, and nothing comes twice.
func TestResumeEveryoneInAnOrderByClocks(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		application, listener := open(t, client, store.Options{}), open(t, client, store.Options{})
		heard := watch(t, listener, "", "")
		heard.live(0)
		application.Record(at("ada", 0, 0))
		heard.live(1)
		application.Record(at("bob", 1, -time.Second))
		application.Record(at("ada", 2, time.Second))
		heard.live(3)
		heard.shows("0 1 2")
		late := open(t, client, store.Options{})
		first := watch(t, late, "", "")
		first.next()
		first.shows("1 0 2")
		for i, rest := range []string{"0 2", "2", ""} {
			cursor := first.entries[i].Cursor()
			again := watch(t, late, "", cursor)
			again.next()
			again.shows(rest)
			for _, elsewhere := range []*store.Store{listener, open(t, client, store.Options{})} {
				if other := watch(t, elsewhere, "", cursor); !other.next().Gap {
					t.Errorf("after %s elsewhere, without a gap: %s", first.entries[i].Path, other.paths())
				}
			}
		}
		application.Record(at("ada", 3, 0))
		first.live(4)
		if e := first.entries[3]; e.Cursor() != e.ID {
			t.Errorf("%s was heard, and its place is not certain: %s", e.ID, e.Cursor())
		}
	})
}

// What was written while the connection was away is found whatever the clocks of those say who wrote it.
func TestEveryoneIsFollowedWithoutClocks(t *testing.T) {
	server := redistest.Start(t)
	client, cut, mend := severable(t, server)
	applications, logs := open(t, server.Client(t), store.Options{}), open(t, client, store.Options{})
	applications.Record(at("bob", 0, -2*time.Minute))
	written(t, applications)
	v := watch(t, logs, "", "")
	v.live(1)
	applications.Record(at("ada", 1, time.Minute)) // the newest that is known
	v.live(2)
	cut()
	v.until(func() bool { return v.state == store.Lost })
	applications.Record(at("bob", 2, 0))
	applications.Record(at("eve", 3, -10*time.Minute)) // had to wait, and was not seen before
	written(t, applications)
	mend()
	v.live(4)
	applications.Record(at("bob", 4, 0))
	v.live(5)
	v.shows("0 1 3 2 4")
}

// A list that was cut off while the connection was away leaves a gap, and only one.
func TestEveryoneHasAGapWhereAListWasCutOff(t *testing.T) {
	server := redistest.Start(t)
	client, cut, mend := severable(t, server)
	applications, logs := open(t, server.Client(t), store.Options{}), open(t, client, store.Options{})
	v := watch(t, logs, "", "")
	v.live(0)
	record(applications, "ada", 0, 2)
	record(applications, "bob", 2, 4)
	v.live(4)
	cut()
	v.until(func() bool { return v.state == store.Lost })
	record(applications, "bob", 4, 64)
	written(t, applications)
	mend()
	v.live(4 + 25)
	if want := "0 1 2 3 " + numbers(39, 64); v.gaps != 1 || v.paths() != want {
		t.Errorf("shown, with %d gaps: %s", v.gaps, v.paths())
	}
	second := watch(t, logs, "", v.entries[3].Cursor())
	if u := second.next(); !u.Gap {
		t.Errorf("who comes back over the gap is shown %s", second.paths())
	}
	fresh := watch(t, logs, "", "")
	fresh.next()
	fresh.shows("0 1 " + numbers(39, 64))
}
