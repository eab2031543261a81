package store

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Limits of what is remembered of lost entries.
const (
	maxGaps     = 4096                   // users; what others lose is unnamed
	gapPatience = 2 * time.Second        // that a gap waits for its user's next entry, before a marker tells it
	gapPause    = 250 * time.Millisecond // between two searches for gaps that have waited for so long
)

// untoldGaps are the gaps that no line in Redis tells yet. They belong to the queue.
type untoldGaps struct {
	of      map[string]*untoldGap // by username; nil before the first loss
	unnamed *unnamedLosses
}

// untoldGap is what one user has lost since the last line that was written for certain.
type untoldGap struct {
	before   Gap       // lost before the entries of this user that wait: the next entry that is taken tells it
	behind   Gap       // lost behind the entries of this user that wait: the next entry that comes to the queue tells it
	slot     uint16    // of the log, on a Cluster
	since    time.Time // of the first loss
	last     time.Time // when the newest of the lost requests was finished
	timed    bool      // last is by Redis' clock
	unmarked bool      // only an entry tells it, since Redis refuses to write the log
}

// lose notes that an entry which has left the queue was not written, or perhaps not. If the entry was to tell a gap, this gap is
// untold again.
func (q *queue) lose(e *Entry, v verdict) { q.note(e, lossOf(e, v), Gap{}, v) }

// refuse notes that a new entry is lost, behind all that waits.
func (q *queue) refuse(e *Entry, a admission) admission {
	q.note(e, Gap{}, lossOf(e, isDropped), isDropped)
	return a
}

// note adds to the untold gap of the user of an entry. The writer is woken for a new gap only: while there are some, it looks by itself.
func (q *queue) note(e *Entry, before, behind Gap, v verdict) {
	g := q.gaps.of[e.Username]
	if g == nil {
		now := time.Now()
		if lost := before.plus(behind); len(q.gaps.of) >= roomFor(lost) {
			q.gaps.unnamed.add(lost.Dropped+lost.Indeterminate+lost.Unnamed, now)
			return
		}
		if q.gaps.of == nil {
			q.gaps.of = make(map[string]*untoldGap)
		}
		g = &untoldGap{since: now}
		q.gaps.of[strings.Clone(e.Username)] = g // it may be part of a long text
		q.sectionOf(e.turn.slot).wake()
	}
	g.before, g.behind = g.before.plus(before), g.behind.plus(behind)
	if !e.Time.Before(g.last) {
		g.last, g.timed = e.Time, e.turn.timed
	}
	g.slot, g.unmarked = e.turn.slot, g.unmarked || v == isRefused
}

// lossOf is what a log lacks if an entry was not written, or perhaps not: the entry's request, and the gap that it was to tell.
func lossOf(e *Entry, v verdict) (lost Gap) {
	switch {
	case e.OnlyGap():
	case !e.Counts():
		lost.Background = 1
	case v == isInDoubt:
		lost.Indeterminate = 1
	default:
		lost.Dropped = 1
	}
	switch {
	case e.Gap == nil:
		return lost
	case v == isInDoubt:
		return lost.plus(e.Gap.doubted())
	}
	return lost.plus(*e.Gap)
}

// undo notes which entries were confirmed and are lost. For each of their users, the next entry tells that: one of batch, one that
// waits, or one that is still to come.
func (q *queue) undo(lost undone, batch []Entry) {
	q.gaps.unnamed.add(lost.unnamed, time.Now())
	for i := range lost.parts {
		p := &lost.parts[i]
		q.note(&Entry{Username: p.username, Time: p.last, turn: p.turn}, p.lost, Gap{}, isDropped)
	}
	q.tellBefore(batch)
	for i := range lost.parts {
		q.tellWaiting(lost.parts[i].username)
	}
}

// roomFor is with how many untold gaps there is still room for another one. A loss of requests that pages make by themselves finds
// only half of the room, so that the rest is left for requests of persons.
func roomFor(lost Gap) int {
	if lost.Notable() {
		return maxGaps
	}
	return maxGaps / 2
}

// tellBehind has an entry that comes to the queue tell what was lost behind all entries of its user that wait.
func (q *queue) tellBehind(e *Entry) {
	if g := q.gaps.of[e.Username]; g != nil && e.tells(&g.behind) {
		q.gaps.told(e.Username, g)
	}
}

// tellBefore has the entries of a batch tell what was lost before them.
func (q *queue) tellBefore(batch []Entry) {
	for i := range batch {
		e := &batch[i]
		if g := q.gaps.of[e.Username]; g != nil && e.tells(&g.before) {
			q.gaps.told(e.Username, g)
		}
	}
}

// tellWaiting has the waiting entries of a user tell what was lost before them. It is called when older entries of the user come
// back to the queue, which must not tell it. The next entry that comes to the queue tells what no waiting entry can.
func (q *queue) tellWaiting(username string) {
	g := q.gaps.of[username]
	if g == nil || g.before == (Gap{}) {
		return
	}
	waiting := q.lanes[username]
	if waiting == nil {
		waiting = &q.sectionOf(g.slot).together
	}
	for i, left := waiting.first, waiting.length; left > 0; i, left = q.places[i].next, left-1 {
		if e := &q.places[i].entry; e.Username == username && e.tells(&g.before) {
			break
		}
	}
	g.before, g.behind = Gap{}, g.before.plus(g.behind)
	q.gaps.told(username, g)
}

// tells moves a gap to the entry, and reports whether it did. An entry that does not count tells no gap in what a person did: other
// entries push it out soon, and the gap would go with it.
func (e *Entry) tells(g *Gap) bool {
	if *g == (Gap{}) || g.Notable() && !e.Counts() {
		return false
	}
	e.Gap = e.Gap.with(*g)
	*g = Gap{}
	return true
}

// told forgets a gap of which nothing is left to tell.
func (u *untoldGaps) told(username string, g *untoldGap) {
	if g.before == (Gap{}) && g.behind == (Gap{}) {
		delete(u.of, username)
	}
}

// mark adds markers to a batch that has room: of the section's gaps, those that have waited for as long as patience says.
func (q *queue) mark(s *section, batch []Entry, patience, retention time.Duration) []Entry {
	now := time.Now()
	if patience > 0 && now.Sub(s.searched) < gapPause {
		return batch
	}
	s.searched = now
	taken := len(batch)
	for username, g := range q.gaps.of {
		switch waited := now.Sub(g.since); {
		case waited > retention:
			delete(q.gaps.of, username) // the log has expired meanwhile, so that nothing is left that lacks the requests
		case waited < patience || !q.isMarked(s, username, g):
		case slices.ContainsFunc(batch[:taken], func(e Entry) bool { return e.Username == username }):
			// The user's entries in this batch may come back to the queue. They are older than the marker would be.
		case len(batch) >= maxBatch:
			s.searched = time.Time{}
			return batch
		default:
			batch = append(batch, g.marker(username))
			delete(q.gaps.of, username)
		}
	}
	return batch
}

// isMarked reports whether a section is to write a marker for a gap.
func (q *queue) isMarked(s *section, username string, g *untoldGap) bool {
	all := g.all()
	return q.sectionOf(g.slot) == s && !g.unmarked && all.Notable() && q.lanes[username] == nil
}

// isMarkable reports whether some marker can be written, before an outage is over.
func (q *queue) isMarkable() bool {
	for username, g := range q.gaps.of {
		if s := q.sectionOf(g.slot); !s.away && q.isMarked(s, username, g) {
			return true
		}
	}
	return false
}

// all is what is lost, wherever that is told.
func (g *untoldGap) all() Gap { return g.before.plus(g.behind) }

// marker is the entry that stands for the gap alone.
func (g *untoldGap) marker(username string) Entry {
	all := g.all()
	return Entry{Username: username, Time: g.last, Gap: &all, turn: turn{slot: g.slot, timed: g.timed}}
}

// unmark takes back a marker that has not been written. It is due again.
func (q *queue) unmark(e *Entry) {
	q.lose(e, isBack)
	if g := q.gaps.of[e.Username]; g != nil {
		g.since = time.Now().Add(-gapPatience)
	}
}

// requests is how many entries are not only markers.
func requests(entries []Entry) int {
	n := 0
	for i := range entries {
		if !entries[i].OnlyGap() {
			n++
		}
	}
	return n
}

// unnamedLosses counts lost requests of which it is not known any more whose they were. Any user may have made them, so
// the next entry of each user says that some may be missing.
type unnamedLosses struct {
	total atomic.Int64
	last  atomic.Int64 // when there last were some, in Unix nanoseconds
}

func (l *unnamedLosses) add(n int, now time.Time) {
	if n == 0 {
		return
	}
	l.last.Store(now.UnixNano())
	l.total.Add(int64(n))
}

// tell has an entry say what its user has not been told. Losses from before the log began are not said.
func (l *unnamedLosses) tell(u *knownUser, e *Entry, now time.Time, retention time.Duration) {
	total := l.total.Load()
	if total == u.unnamed {
		return
	}
	if now.UnixNano()-l.last.Load() < int64(retention) {
		e.Gap = e.Gap.with(Gap{Unnamed: int(total - u.unnamed)})
	}
	u.unnamed = total
}
