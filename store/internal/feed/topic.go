package feed

import (
	"crypto/rand"
	"maps"
	"slices"
	"time"

	"github.com/gin-userlog/userlog/store/internal/failures"
)

// maxBuffered is how many entries wait for the list to be read, besides as many as the ring has.
const maxBuffered = 1024

// Everyone stands in the place of a username for all users. No user is called so.
const Everyone = ""

// topic is what the feed knows of one followed log: a user's, or everyone's. It holds a copy of the list's newest end,
// from which viewers are served. It belongs to the feed's goroutine.
type topic struct {
	username string // or Everyone
	limit    int    // of ring

	retention time.Duration // of the list after its last entry

	live   bool        // ring holds what the list holds
	synced bool        // the topic has been live at least once
	ring   []ringEntry // the newest entries, oldest first
	ids    map[string]bool
	counts int                   // of the entries of ring, those that count
	kept   []*Line               // what counts and has left ring, oldest first; together no more than limit
	failed failures.List[*Line]  // the last failures, also those that have left ring and kept
	buffer []*Line               // entries that arrived since the subscription was confirmed, while not live
	cut    bool                  // buffer has lost its oldest entries
	newest map[string]newestLine // the newest entry of each user, whether or not the ring still has it
	whole  bool                  // newest has every user who has a log in Redis

	channel     *channel  // on which the topic is heard; nil where it has slots
	slots       *slots    // of everyone's log on a Cluster; nil elsewhere
	off         bool      // applications have been told to record nothing
	unpublished bool      // applications may not publish what they record
	lost        bool      // viewers have been told that Redis, or a part of it, is away
	missedSince time.Time // since when no connection hears one of the topic's channels; zero = all are heard, or viewers have been told

	subscriptions map[*Subscription]bool
	idleSince     time.Time // when the last subscription left
}

// ringEntry is an entry in the ring of a topic.
type ringEntry struct {
	id, username, cursor string
	entry                *Line // nil when it has expired: a viewer that has seen it may still come back
}

// newestLine is the newest entry of a user, and the time at which its list expires in Redis.
type newestLine struct {
	id      string
	expires time.Time // zero = never
}

func (m newestLine) expired(now time.Time) bool { return !m.expires.IsZero() && now.After(m.expires) }

func newTopic(username string, options Options) *topic {
	t := &topic{
		username: username, limit: options.MaxEntries, retention: options.Retention,
		ids: map[string]bool{}, newest: map[string]newestLine{}, subscriptions: map[*Subscription]bool{},
	}
	if t.everyone() {
		t.limit = everyoneRing
	}
	return t
}

func (t *topic) everyone() bool { return t.username == Everyone }

// join serves a new subscription, now or when the topic goes live.
func (t *topic) join(s *Subscription) {
	t.subscriptions[s] = true
	s.limit = maxPending + 2*t.limit
	if t.live {
		t.expire(time.Now())
		t.start(s)
	}
}

// start gives a subscription its first entries.
func (t *topic) start(s *Subscription) {
	gap, entries := t.since(s.after)
	s.start(t.state(), gap, entries)
}

// since returns the entries behind the cursor after. gap tells that the ring does not reach back so far, or that nobody
// knows what the viewer has seen.
func (t *topic) since(after string) (gap bool, entries []*Line) {
	if after != "" {
		for i, s := range slices.Backward(t.ring) {
			if s.cursor == after {
				return false, present(t.ring[i+1:])
			}
		}
	}
	kept := t.kept
	if i := slices.IndexFunc(kept, func(e *Line) bool { return e.Cursor == after }); i >= 0 {
		kept = kept[i+1:] // entries that do not count may be missing, so there is a gap all the same
	}
	shown := slices.Concat(kept, present(t.ring))
	if len(kept) == len(t.kept) {
		shown = t.withOutlived(kept, present(t.ring))
	}
	if t.everyone() {
		shown = shown[max(0, len(shown)-everyoneShown):]
	}
	return after != "", shown
}

// present returns the entries that have not expired.
func present(ring []ringEntry) []*Line {
	entries := make([]*Line, 0, len(ring))
	for _, s := range ring {
		if s.entry != nil {
			entries = append(entries, s.entry)
		}
	}
	return entries
}

// receive takes an entry from the channel.
func (t *topic) receive(e *Line) {
	if t.slots != nil {
		placed := *e // a copy, since the viewers of other topics are given the entry with another cursor
		e = &placed
		t.slots.setCursors(e)
	}
	if !t.live || t.isMissing(e) {
		t.buffer = append(t.buffer, e)
		if len(t.buffer) > t.limit+maxBuffered {
			t.cutBuffer()
		}
		return
	}
	if t.ids[e.ID] {
		return
	}
	t.remember([]*Line{e})
	t.noteFailures([]*Line{e})
	t.note([]*Line{e})
	t.tell(t.state(), []*Line{e})
}

// cutBuffer drops the oldest entries of the buffer.
func (t *topic) cutBuffer() {
	dropped := t.buffer[:maxBuffered]
	t.buffer = slices.Clone(t.buffer[maxBuffered:])
	if t.slots == nil {
		t.cut = true
		return
	}
	for _, e := range dropped {
		t.slots.cut[e.slot] = true
	}
}

// tell gives all subscriptions the same entries.
func (t *topic) tell(state State, entries []*Line) {
	for s := range t.subscriptions {
		s.push(state, false, entries)
	}
	t.announce()
}

// announce wakes the viewers that wait, after all subscriptions have got the entries: one goroutine may serve many of
// them.
func (t *topic) announce() {
	for s := range t.subscriptions {
		s.announce()
	}
}

// remember appends entries to the ring that were found in lists, or heard.
func (t *topic) remember(entries []*Line) {
	for _, e := range entries {
		if len(t.ring) == t.limit {
			t.evict()
		}
		t.ring = append(t.ring, ringEntry{e.ID, e.Username, e.Cursor, e})
		t.ids[e.ID] = true
		if e.Counts {
			t.counts++
		}
	}
	t.trimKept()
}

// evict takes the oldest entry out of the ring. The topic of one user keeps the entry if it counts.
func (t *topic) evict() {
	oldest := t.ring[0]
	delete(t.ids, oldest.id)
	t.ring[0] = ringEntry{}
	t.ring = t.ring[1:]
	if oldest.entry != nil && oldest.entry.Counts {
		t.counts--
		if !t.everyone() {
			t.kept = append(t.kept, oldest.entry)
		}
	}
}

// trimKept forgets what Redis forgets as well.
func (t *topic) trimKept() {
	if more := len(t.kept) + t.counts - t.limit; more > 0 {
		t.kept = slices.Clone(t.kept[min(more, len(t.kept)):])
	}
}

// note notes that entries were heard. Each is the newest of its user.
func (t *topic) note(entries []*Line) {
	for _, e := range entries {
		t.newest[e.Username] = newestLine{e.ID, time.Now().Add(t.retention)}
	}
	if len(t.newest) > maxRemembered {
		t.forgetNewest(time.Now())
	}
}

// forgetNewest forgets the users whose logs have expired. If these are few, it forgets all users, and the next snapshot
// finds a gap.
func (t *topic) forgetNewest(now time.Time) {
	maps.DeleteFunc(t.newest, func(_ string, m newestLine) bool { return m.expired(now) })
	if len(t.newest) > maxRemembered/2 {
		t.newest, t.whole = map[string]newestLine{}, false
	}
}

// forget empties the ring, and forgets the newest entries of the users that a snapshot is about. Those of other users remain.
func (t *topic) forget(r snapshot) {
	t.ring, t.ids, t.counts, t.kept, t.failed = nil, map[string]bool{}, 0, nil, failures.List[*Line]{}
	if t.slots == nil {
		t.newest = map[string]newestLine{}
		return
	}
	maps.DeleteFunc(t.newest, func(username string, _ newestLine) bool { return r.about(username) })
	t.slots.order = rand.Text()
}

// expire takes entries out of the ring that have expired in Redis, so that no viewer gets them any more. Their places
// remain: a viewer that has seen such an entry has missed nothing.
func (t *topic) expire(now time.Time) {
	for i := range t.ring {
		if s := &t.ring[i]; s.entry != nil && t.newest[s.username].expired(now) {
			if s.entry.Counts {
				t.counts--
			}
			s.entry = nil
		}
	}
	if !t.everyone() && t.newest[t.username].expired(now) {
		t.kept, t.failed = nil, failures.List[*Line]{}
	}
}

// knowledge returns what a reader needs to know to take a snapshot of everyone's logs.
func (t *topic) knowledge() knowledge {
	k := knowledge{synced: t.synced, newest: maps.Clone(t.newest), whole: t.whole}
	if last := t.last(); last != nil {
		k.to = last.Time
	}
	return k
}

// interrupt notes that the channel can't be heard, and tells the viewers.
func (t *topic) interrupt() {
	t.awaitSnapshot()
	t.tellLost()
}

// awaitSnapshot begins anew: the topic is not live until its lists have been read again. It is called when the channel is heard for
// the first time or again, and when it is not heard any more. The buffer is emptied: entries may have been missed behind those in it.
func (t *topic) awaitSnapshot() {
	t.live, t.buffer, t.cut = false, nil, false
}

// goLive merges a snapshot with the entries that arrived on the channel meanwhile. The channel has caught up with the
// snapshot. So an entry that only the list has is older than every entry in the buffer. No viewer gets an entry twice.
func (t *topic) goLive(r snapshot) {
	others, inList := t.setAside(r.slots), idsOf(r.entries)
	if t.cut {
		// The buffer has lost its oldest entries. The rest is as long as the ring, and no entry is missing between.
		r.kept = slices.DeleteFunc(slices.Concat(r.kept, r.entries), func(e *Line) bool { return !e.Counts })
		r.entries, r.before = nil, nil
	}
	t.expire(time.Now())
	gap := t.synced && (t.cut || !r.reaches(t.last()))
	t.whole = t.knowsAll(r, gap)
	listed, before, heard := t.merge(r.entries, r.before)
	unlisted := afterListed(heard, inList)
	had, fresh := []*Line(nil), slices.Concat(t.unseen(listed), t.unknown(heard))
	if gap {
		had, fresh = t.hadAndFresh(slices.Concat(listed, heard))
		// No gap may lie within the ring: a viewer that comes back to an entry before the gap would not be told of it. So the ring
		// begins anew, and ends with what viewers are told now.
		shown := slices.Concat(t.missed(r.behind(slices.Concat(listed, heard))), fresh)
		t.forget(r)
		had = slices.Concat(before, had)
		t.slots.setCursors(slices.Concat(had, fresh)...)
		t.remember(slices.Concat(had, fresh))
		fresh = shown
	} else {
		heard = t.unknown(heard)
		if t.slots != nil && !t.synced {
			sortEveryone(fresh) // masters are heard one after the other
		}
		t.slots.setCursors(fresh...)
		t.remember(fresh)
	}
	if gap || !t.synced {
		t.kept, t.failed = r.kept, r.failed
		t.noteFailures(unlisted)
	} else {
		t.noteFailures(fresh)
	}
	maps.Copy(t.newest, r.newest)
	t.note(heard)
	t.live, t.synced, t.buffer, t.cut = true, true, others, false
	t.found(r.slots)
	for s := range t.subscriptions {
		if s.started {
			s.push(t.state(), gap, fresh)
		} else {
			t.start(s)
		}
	}
	t.announce()
}

// knowsAll reports whether the topic knows, with a snapshot, the newest entry of every user who has a log.
func (t *topic) knowsAll(r snapshot, gap bool) bool {
	switch {
	case t.slots == nil || !t.synced:
		return t.whole && !gap || r.whole
	default: // the snapshot is about some users
		return t.whole && (r.whole || !gap)
	}
}

// missed returns the entries that count and that no viewer has been told of. They are those of kept behind the last one that the
// topic has had.
func (t *topic) missed(kept []*Line) []*Line {
	had := t.ids
	if held := t.failed.Held(); len(t.kept)+len(held) > 0 {
		had = maps.Clone(t.ids)
		for _, e := range t.kept {
			had[e.ID] = true
		}
		for _, h := range held {
			had[h.Line.ID] = true
		}
	}
	first := len(kept)
	for first > 0 && !had[kept[first-1].ID] {
		first--
	}
	return slices.Clone(kept[first:])
}

// unseen returns the entries of a list that the ring neither has nor has had. In the list of one user, these are all entries
// behind the last one that the ring has. Everyone's entries are in the order of their times only, so each of them is looked up.
func (t *topic) unseen(list []*Line) []*Line {
	if t.everyone() {
		return t.unknown(list)
	}
	first := len(list)
	for first > 0 && !t.ids[list[first-1].ID] {
		first--
	}
	return slices.Clone(list[first:])
}

// hadAndFresh splits the entries that follow a gap. Of each user, had has those up to the last one that the topic has had: the ring has
// this one, or the topic knows it as the user's newest. The slice fresh has the others, which viewers are told after the gap. So of each
// user no entry is missing among these, and none was told before, however much of the ring a viewer has seen.
func (t *topic) hadAndFresh(entries []*Line) (had, fresh []*Line) {
	last := make(map[string]int)
	for i, e := range entries {
		if t.ids[e.ID] || t.newest[e.Username].id == e.ID {
			last[e.Username] = i + 1
		}
	}
	for i, e := range entries {
		if i < last[e.Username] {
			had = append(had, e)
		} else {
			fresh = append(fresh, e)
		}
	}
	return had, fresh
}

// unknown returns the entries that are not in the ring.
func (t *topic) unknown(entries []*Line) []*Line {
	return slices.DeleteFunc(slices.Clone(entries), func(e *Line) bool { return t.ids[e.ID] })
}

// last returns the last entry of the ring, or nil if there is none or it has expired.
func (t *topic) last() *Line {
	if len(t.ring) == 0 {
		return nil
	}
	return t.ring[len(t.ring)-1].entry
}

// merge returns the entries that are in lists only, and then those that were heard, each one once.
func (t *topic) merge(list, older []*Line) (listed, before, heard []*Line) {
	seen := make(map[string]bool, len(t.buffer))
	for _, e := range t.buffer {
		if !seen[e.ID] {
			seen[e.ID] = true
			heard = append(heard, e)
		}
	}
	known := func(e *Line) bool { return seen[e.ID] }
	return slices.DeleteFunc(list, known), slices.DeleteFunc(older, known), heard
}
