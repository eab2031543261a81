package feed

import (
	"slices"
	"time"
)

// How far a time may be wrong that says when an entry was written.
const (
	clockMargin = 5 * time.Second        // a time by the clock of a host, whose batches may wait for Redis
	writeMargin = 200 * time.Millisecond // a time by Redis' own clock, which is asked about all lists at once
)

// certainty is what a snapshot of everyone's log knows about its own order. Each list is in the order in which it was
// written. But only clocks can tell which entries of other users were written before an entry of ada's.
type certainty struct {
	partial bool // there are more users
	lists   map[string]listing
}

// listing is what is known of one user's list.
type listing struct {
	stamps []stamp // oldest first; only the newest where the list was not read
	whole  bool    // the list has nothing older than the first of them

	// age is the time since the list was last written, reckoned from when the list expires. If the applications have
	// another retention than this process, the ages of all lists are wrong by the same.
	age time.Duration
}

// stamp is an entry and its time, which is never before that of the entry that was written before it.
type stamp struct {
	id string
	at time.Time
}

func (l listing) newest() stamp { return l.stamps[len(l.stamps)-1] }

// clock is the time of the snapshot by the clock of the application that wrote the list.
func (l listing) clock() time.Time { return l.newest().at.Add(l.age) }

func (c *certainty) add(h head, entries []*Line, whole bool, retention time.Duration) {
	if len(entries) == 0 {
		return
	}
	l := listing{stamps: make([]stamp, len(entries)), whole: whole}
	if h.left >= 0 {
		l.age = retention - h.left
	}
	for i, e := range entries {
		l.stamps[i] = stamp{e.ID, e.Time}
		if i > 0 && l.stamps[i-1].at.After(e.Time) {
			l.stamps[i].at = l.stamps[i-1].at
		}
	}
	c.lists[h.username] = l
}

// isCertain reports whether every process would find the same entries before this one, and the same behind it. For example,
// it is false for an entry of ada's that stands behind one of bob's here, if another process may show the two the other way round.
func (c *certainty) isCertain(username, id string) bool {
	own := c.lists[username]
	i := slices.IndexFunc(own.stamps, func(s stamp) bool { return s.id == id })
	if i < 0 || c.partial {
		return false
	}
	age, margin := own.age+own.newest().at.Sub(own.stamps[i].at), clockMargin
	if i == len(own.stamps)-1 {
		margin = writeMargin
	}
	for other, l := range c.lists {
		if other != username && !l.knowsOrderAround(own.stamps[i].at, own.clock(), age, margin) {
			return false
		}
	}
	return true
}

// knowsOrderAround reports whether it is known which entries of the list were written before an entry of another user, and which
// after it. The time at is that entry's, and age is how long ago it was written. The time clock is by the clock of
// the application that wrote it.
//
// For example, an entry of 12:00:00 is apart from a list with entries of 11:59:50 and 12:00:10. It is not apart from one
// of 11:59:58: the clocks may differ by as much, or a batch may have waited for Redis.
func (l listing) knowsOrderAround(at, clock time.Time, age, margin time.Duration) bool {
	switch {
	case l.clock().Sub(clock).Abs() > clockMargin:
		return false
	case l.age > age+margin:
		return l.newest().at.Before(at) // all of it was written before
	case !l.whole && l.stamps[0].at.After(at.Add(-clockMargin)):
		return false // some of it that is not here may have been written after
	}
	next, _ := slices.BinarySearchFunc(l.stamps, at.Add(-clockMargin), func(s stamp, t time.Time) int { return s.at.Compare(t) })
	return next == len(l.stamps) || l.stamps[next].at.After(at.Add(clockMargin))
}
