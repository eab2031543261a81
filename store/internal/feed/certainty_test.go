package feed

import (
	"testing"
	"time"
)

func TestWhatAReadingTells(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	entries := func(username string, ago ...time.Duration) []*Line {
		var all []*Line
		for _, d := range ago {
			all = append(all, &Line{ID: username + d.String(), Username: username, Time: now.Add(-d)})
		}
		return all
	}
	const s = time.Second
	for _, test := range []struct {
		name    string
		seen    time.Duration // which of ada's entries
		own     []time.Duration
		other   []time.Duration
		written time.Duration // ago, of bob's list
		whole   bool          // bob's list
		want    bool
	}{
		{"nobody else", 20 * s, []time.Duration{20 * s}, nil, 0, true, true},
		{"far apart", 60 * s, []time.Duration{60 * s, 2 * s}, []time.Duration{70 * s, 50 * s}, 50 * s, true, true},
		{"shortly before", 60 * s, []time.Duration{60 * s, 2 * s}, []time.Duration{64 * s, 50 * s}, 50 * s, true, false},
		{"shortly after", 60 * s, []time.Duration{60 * s, 2 * s}, []time.Duration{70 * s, 56 * s}, 56 * s, true, false},
		{"the newest of all, by Redis' clock", 2 * s, []time.Duration{60 * s, 2 * s}, []time.Duration{3 * s}, 3 * s, false, true},
		{"the newest of all, but by a clock that is ahead of it", 2 * s, []time.Duration{60 * s, 2 * s}, []time.Duration{1 * s}, 3 * s, true, false},
		{"written together with the newest", 2 * s, []time.Duration{60 * s, 2 * s}, []time.Duration{3 * s}, 2*s + 50*time.Millisecond, true, false},
		{"cut off after it", 60 * s, []time.Duration{60 * s, 2 * s}, []time.Duration{30 * s, 2 * s}, 2 * s, false, false},
		{"cut off before it", 60 * s, []time.Duration{60 * s, 2 * s}, []time.Duration{80 * s, 2 * s}, 2 * s, false, true},
		{"by a clock that is ahead", 60 * s, []time.Duration{60 * s, 2 * s}, []time.Duration{-30 * s}, 30 * s, true, false},
		{"after it had to wait", 60 * s, []time.Duration{60 * s, 2 * s}, []time.Duration{90 * s}, 30 * s, true, false},
	} {
		c := &certainty{lists: map[string]listing{}}
		c.add(head{username: "ada", left: time.Hour - test.own[len(test.own)-1]}, entries("ada", test.own...), true, time.Hour)
		c.add(head{username: "bob", left: time.Hour - test.written}, entries("bob", test.other...), test.whole, time.Hour)
		seen := "ada" + test.seen.String()
		if got := c.isCertain("ada", seen); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
		c.partial = true
		if c.isCertain("ada", seen) {
			t.Errorf("%s, and there are more: true", test.name)
		}
	}
}

// A host whose clock goes back does not put the entries of one user into another order.
func TestEveryonesListsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	entry := func(username, id string, at int64) *Line {
		return &Line{ID: id, Username: username, Time: time.Unix(at, 0)}
	}
	all := []*Line{entry("ada", "2", 60), entry("ada", "3", 10), entry("bob", "1", 50), entry("bob", "4", 70)}
	sortEveryone(all)
	got := ""
	for _, e := range all {
		got += e.ID
	}
	if got != "1234" {
		t.Errorf("sorted: %s", got)
	}
}

func TestMarksAreBounded(t *testing.T) {
	t.Parallel()
	topic := newTopic(Everyone, Options{Retention: time.Hour})
	topic.goLive(snapshot{reaches: func(*Line) bool { return true }, whole: true})
	for n := range maxRemembered {
		topic.receive(&Line{ID: string(rune(n)), Username: string(rune(n))})
	}
	if len(topic.newest) > maxRemembered || !topic.whole {
		t.Fatalf("%d users are remembered, all of them: %v", len(topic.newest), topic.whole)
	}
	topic.receive(&Line{ID: "more", Username: "more"})
	if len(topic.newest) > maxRemembered || topic.whole {
		t.Errorf("then %d users are remembered, all of them: %v", len(topic.newest), topic.whole)
	}
}
