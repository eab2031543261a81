package feed

import (
	"maps"
	"slices"
	"time"
)

// maxBuffered is how many entries wait for the list to be read, besides as many as the ring has.
const maxBuffered = 1024

// Everyone stands in the place of a username for all users. No user is called so.
const Everyone = ""

// topic is one log that is being watched: a user's, or everyone's. It holds a copy of the list's
// newest end, from which viewers are served, and belongs to the feed's goroutine.
type topic struct {
	username string // or Everyone
	channel  string // or pattern
	limit    int    // of ring

	retention time.Duration // of the list after its last entry

	live   bool   // ring is what the list holds
	synced bool   // was live before
	ring   []slot // oldest first
	ids    map[string]bool
	buffer []*Line               // what arrived since the subscription was confirmed, while not live
	cut    bool                  // buffer has lost its oldest entries
	newest map[string]newestLine // the newest entry of each user, also when it has left the ring
	whole  bool                  // newest has everybody of whom Redis has a log

	subscribers map[*Subscription]bool
	idleSince   time.Time // when the last subscriber left
}

// slot is the place of an entry in a ring.
type slot struct {
	id, username, cursor string
	entry                *Line // nil when it has expired: a viewer that has seen it may still come back
}

// newestLine is the newest entry of a user, and when Redis forgets it with all that is before it.
type newestLine struct {
	id      string
	expires time.Time // zero = never
}

func (m newestLine) expired(now time.Time) bool { return !m.expires.IsZero() && now.After(m.expires) }

func newTopic(username string, options Options) *topic {
	t := &topic{
		username: username, limit: options.MaxEntries, retention: options.Retention,
		ids: map[string]bool{}, newest: map[string]newestLine{}, subscribers: map[*Subscription]bool{},
	}
	if t.everyone() {
		t.channel, t.limit = options.Keys.LogPattern(), everyoneRing
	} else {
		t.channel = options.Keys.LogChannel(username)
	}
	return t
}

func (t *topic) everyone() bool { return t.username == Everyone }

// join serves a new subscriber, now or when the topic goes live.
func (t *topic) join(s *Subscription) {
	t.subscribers[s] = true
	s.limit = maxPending + 2*t.limit
	if t.live {
		t.expire(time.Now())
		s.start(t.since(s.after))
	}
}

// since returns what a viewer that is at the cursor after has not seen; gap tells that the ring does not reach back
// so far, or that it can't be known what the viewer has seen.
func (t *topic) since(after string) (gap bool, entries []*Line) {
	if after != "" {
		for i := len(t.ring) - 1; i >= 0; i-- {
			if t.ring[i].cursor == after {
				return false, present(t.ring[i+1:])
			}
		}
	}
	shown := present(t.ring)
	if t.everyone() {
		shown = shown[max(0, len(shown)-everyoneShown):]
	}
	return after != "", shown
}

// present returns the entries that have not expired.
func present(ring []slot) []*Line {
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
	if !t.live {
		t.buffer = append(t.buffer, e)
		if len(t.buffer) > t.limit+maxBuffered {
			t.buffer, t.cut = slices.Clone(t.buffer[maxBuffered:]), true
		}
		return
	}
	if t.ids[e.ID] {
		return
	}
	t.hear([]*Line{e})
	t.tell(Live, false, []*Line{e})
}

// tell gives all subscribers the same.
func (t *topic) tell(state State, gap bool, entries []*Line) {
	for s := range t.subscribers {
		s.push(state, gap, entries)
	}
	t.announce()
}

// announce tells those who wait that there is something, after all have been given it: one goroutine may
// serve many of them.
func (t *topic) announce() {
	for s := range t.subscribers {
		s.announce()
	}
}

// remember appends to the ring what was found in lists, or heard.
func (t *topic) remember(entries []*Line) {
	for _, e := range entries {
		if len(t.ring) == t.limit {
			delete(t.ids, t.ring[0].id)
			t.ring[0] = slot{}
			t.ring = t.ring[1:]
		}
		t.ring = append(t.ring, slot{e.ID, e.Username, e.Cursor, e})
		t.ids[e.ID] = true
	}
}

// hear remembers what was heard: it is the newest of its user.
func (t *topic) hear(entries []*Line) {
	t.remember(entries)
	for _, e := range entries {
		t.newest[e.Username] = newestLine{e.ID, time.Now().Add(t.retention)}
	}
	if len(t.newest) > maxRemembered {
		t.forgetNewest(time.Now())
	}
}

// forgetNewest forgets the users whose logs have expired or, if there are few of those, everybody: then
// the next reading finds a gap.
func (t *topic) forgetNewest(now time.Time) {
	maps.DeleteFunc(t.newest, func(_ string, m newestLine) bool { return m.expired(now) })
	if len(t.newest) > maxRemembered/2 {
		t.newest, t.whole = map[string]newestLine{}, false
	}
}

// forget empties the ring.
func (t *topic) forget() {
	t.ring, t.ids, t.newest = nil, map[string]bool{}, map[string]newestLine{}
}

// expire takes what has expired in Redis out of the ring: what is forgotten there is not shown here. Who
// has seen it has missed nothing, so its place remains.
func (t *topic) expire(now time.Time) {
	for i := range t.ring {
		if s := &t.ring[i]; s.entry != nil && t.newest[s.username].expired(now) {
			s.entry = nil
		}
	}
}

// knowledge returns what a snapshot of everyone's logs has to know.
func (t *topic) knowledge() knowledge {
	k := knowledge{synced: t.synced, newest: maps.Clone(t.newest), whole: t.whole}
	if last := t.last(); last != nil {
		k.to = last.Time
	}
	return k
}

// interrupt notes that the channel can't be heard. confirm, called later, begins anew.
func (t *topic) interrupt() {
	t.live = false
	t.confirm()
	t.tell(Lost, false, nil)
}

// confirm notes that from now on everything that is published is heard. What was heard before
// belongs to another subscription, after which something may have been missed.
func (t *topic) confirm() {
	t.live, t.buffer, t.cut = false, nil, false
}

// goLive merges what the list held with what arrived on the channel meanwhile. The channel has
// caught up with the reading of the list, so all that is in the list only is older than all that is
// in the buffer. Nobody is told twice of an entry that the ring has.
func (t *topic) goLive(r snapshot) {
	if t.cut {
		r.entries, r.before = nil, nil // the buffer alone is as long as the ring, and has no hole
	}
	t.expire(time.Now())
	gap := t.synced && (t.cut || !r.reaches(t.last()))
	listed, heard := t.merge(r.entries)
	unseen, unknown := t.unseen(listed), t.unknown(heard)
	fresh := slices.Concat(unseen, unknown)
	if gap {
		// A ring has no gaps, or those who come back to it would not be told.
		t.forget()
		t.whole = false
		t.remember(r.before)
	} else {
		listed, heard = unseen, unknown
	}
	t.remember(listed)
	maps.Copy(t.newest, r.newest)
	t.hear(heard)
	t.whole = t.whole || r.whole
	t.live, t.synced, t.buffer = true, true, nil
	for s := range t.subscribers {
		if s.started {
			s.push(Live, gap, fresh)
		} else {
			s.start(t.since(s.after))
		}
	}
	t.announce()
}

// unseen returns what of a list the ring has not, nor has had: in the list of one user, all that is
// before an entry of the ring is older. Everyone's entries are in the order of time only.
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

// unknown returns the entries that the ring has not.
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

// merge returns what is in the list only, and after that what was heard, each entry once.
func (t *topic) merge(list []*Line) (listed, heard []*Line) {
	seen := make(map[string]bool, len(t.buffer))
	for _, e := range t.buffer {
		if !seen[e.ID] {
			seen[e.ID] = true
			heard = append(heard, e)
		}
	}
	return slices.DeleteFunc(list, func(e *Line) bool { return seen[e.ID] }), heard
}
