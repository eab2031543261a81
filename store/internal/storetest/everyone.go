package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/store"
)

var everyone = []test{
	{"ResumeEveryoneFromLists", testResumeEveryoneFromLists},
	{"ResumeEveryoneInAnOrderByClocks", testResumeEveryoneInAnOrderByClocks},
}

// A viewer who comes back to a process that has not listened meanwhile is given exactly the rest, or told
// that this can't be.
func testResumeEveryoneFromLists(t *testing.T, connect Connect) {
	for _, c := range []struct {
		name      string
		meanwhile func(logs *store.Store)
		want      string // "" = a gap
	}{
		{"nothing happened", func(*store.Store) {}, "-"},
		{"the same user went on", func(logs *store.Store) { Record(logs, "ada", 1, 10) }, Numbers(1, 10)},
		{"another one did, later", func(logs *store.Store) { logs.Record(EntryAt("bob", 1, 6*time.Second)) }, ""}, // by a clock that does not agree
		{"another one did at once", func(logs *store.Store) { Record(logs, "bob", 1, 2) }, ""},
		{"another one did by a clock that is behind", func(logs *store.Store) { logs.Record(EntryAt("bob", 1, -time.Minute)) }, ""},
		{"a list was cut off", func(logs *store.Store) { Record(logs, "bob", 1, 61) }, ""},
		{"the same user's list was cut off", func(logs *store.Store) { Record(logs, "ada", 1, 61) }, ""},
		{"too many users did", func(logs *store.Store) {
			for n := range 150 {
				logs.Record(Entry(fmt.Sprint("user", n), n))
			}
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := connect(t)
			application := Open(t, client, store.Options{})
			first := Watch(t, Open(t, client, store.Options{}), "", "")
			first.Live(0)
			Record(application, "ada", 0, 1)
			first.Live(1)
			first.Updates.Close()
			c.meanwhile(application)
			Written(t, application)
			again := Watch(t, Open(t, client, store.Options{}), "", first.Entries[0].Cursor())
			u := again.Next()
			if got := "-"; !u.Gap {
				if len(again.Entries) > 0 {
					got = again.Paths()
				}
				if got != c.want {
					t.Errorf("shown without a gap: %s", got)
				}
			} else if c.want != "" {
				t.Errorf("a gap before %s", again.Paths())
			}
		})
	}
}

// A viewer who has seen an order that a process made up by clocks goes on there where she was. Elsewhere, where the order
// may be another, she is told of a gap: nothing is missing without one, and nothing comes twice.
func testResumeEveryoneInAnOrderByClocks(t *testing.T, connect Connect) {
	client := connect(t)
	application, listener := Open(t, client, store.Options{}), Open(t, client, store.Options{})
	heard := Watch(t, listener, "", "")
	heard.Live(0)
	application.Record(EntryAt("ada", 0, 0))
	heard.Live(1)
	application.Record(EntryAt("bob", 1, -time.Second))
	application.Record(EntryAt("ada", 2, time.Second))
	heard.Live(3)
	heard.Shows("0 1 2")
	late := Open(t, client, store.Options{})
	first := Watch(t, late, "", "")
	first.Next()
	first.Shows("1 0 2")
	for i, rest := range []string{"0 2", "2", ""} {
		cursor := first.Entries[i].Cursor()
		again := Watch(t, late, "", cursor)
		again.Next()
		again.Shows(rest)
		for _, elsewhere := range []*store.Store{listener, Open(t, client, store.Options{})} {
			if other := Watch(t, elsewhere, "", cursor); !other.Next().Gap {
				t.Errorf("after %s elsewhere, without a gap: %s", first.Entries[i].Path, other.Paths())
			}
		}
	}
	application.Record(EntryAt("ada", 3, 0))
	first.Live(4)
	if e := first.Entries[3]; e.Cursor() != e.ID {
		t.Errorf("%s was heard, and its place is not certain: %s", e.ID, e.Cursor())
	}
}
