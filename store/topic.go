package store

import (
	"slices"
	"time"
)

// How much a topic remembers.
const (
	everyoneRing  = 1024 // entries of all users, for viewers that come back
	everyoneShown = 50   // of those, for a viewer that is new
	maxBuffered   = 1024 // entries that wait for the list to be read, besides as many as the ring has
)

// everyone stands in the place of a username for all users; no user is called so.
const everyone = ""

// topic is one log that is being watched: a user's, or everyone's. It holds a copy of the list's
// newest end, from which viewers are served, and belongs to the feed's goroutine.
type topic struct {
	username string // or everyone
	channel  string // or pattern
	limit    int    // of ring

	retention time.Duration // of the list after its last entry

	live   bool     // ring is what the list holds
	synced bool     // was live before
	ring   []*Entry // oldest first
	ids    map[string]bool
	buffer []*Entry  // what arrived since the subscription was confirmed, while not live
	cut    bool      // buffer has lost its oldest entries
	newsAt time.Time // when ring last grew

	subscribers map[*Subscription]bool
	idleSince   time.Time // when the last subscriber left
}

func newTopic(keys Keys, username string, options Options) *topic {
	t := &topic{username: username, limit: options.MaxEntries, retention: options.Retention, ids: map[string]bool{}, subscribers: map[*Subscription]bool{}}
	if t.everyone() {
		t.channel, t.limit = keys.LogPattern(), everyoneRing
	} else {
		t.channel = keys.LogChannel(username)
	}
	return t
}

func (t *topic) everyone() bool { return t.username == everyone }

// join serves a new subscriber, now or when the topic goes live.
func (t *topic) join(s *Subscription) {
	t.subscribers[s] = true
	s.limit = maxPending + 2*t.limit
	if t.live {
		t.expire()
		s.start(t.since(s.after))
	}
}

// since returns what a viewer that has seen the entry named after has not; gap tells that the ring
// does not reach back so far.
func (t *topic) since(after string) (gap bool, entries []*Entry) {
	if after != "" {
		for i := len(t.ring) - 1; i >= 0; i-- {
			if t.ring[i].ID == after {
				return false, slices.Clone(t.ring[i+1:])
			}
		}
	}
	shown := t.ring
	if t.everyone() {
		shown = shown[max(0, len(shown)-everyoneShown):]
	}
	return after != "", slices.Clone(shown)
}

// receive takes an entry from the channel.
func (t *topic) receive(e *Entry) {
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
	news := []*Entry{e}
	t.remember(news)
	for s := range t.subscribers {
		s.push(Live, false, news)
	}
}

// remember appends to the ring.
func (t *topic) remember(entries []*Entry) {
	if len(entries) > 0 {
		t.newsAt = time.Now()
	}
	for _, e := range entries {
		if len(t.ring) == t.limit {
			delete(t.ids, t.ring[0].ID)
			t.ring[0] = nil
			t.ring = t.ring[1:]
		}
		t.ring = append(t.ring, e)
		t.ids[e.ID] = true
	}
}

// forget empties the ring.
func (t *topic) forget() {
	t.ring, t.ids = nil, map[string]bool{}
}

// expire empties a ring whose list has expired in Redis: what is forgotten there is not shown here,
// nor missed.
func (t *topic) expire() {
	if time.Since(t.newsAt) > t.retention {
		t.forget()
	}
}

// interrupt notes that the channel can't be heard. confirm, called later, begins anew.
func (t *topic) interrupt() {
	t.live = false
	t.confirm()
	for s := range t.subscribers {
		s.push(Lost, false, nil)
	}
}

// confirm notes that from now on everything that is published is heard. What was heard before
// belongs to another subscription, after which something may have been missed.
func (t *topic) confirm() {
	t.live, t.buffer, t.cut = false, nil, false
}

// goLive merges what the list held with what arrived on the channel meanwhile. The channel has
// caught up with the reading of the list, so all that is in the list only is older than all that is
// in the buffer. Nobody is told twice of an entry that the ring has.
func (t *topic) goLive(r reading) {
	if t.cut {
		r.entries = nil // the buffer alone is as long as the ring, and has no hole
	}
	t.expire()
	gap := t.synced && (t.cut || !r.reaches(t.newest()))
	listed, heard := t.merge(r.entries)
	fresh := append(t.unseen(listed), t.unknown(heard)...)
	if gap {
		// A ring has no gaps, or those who come back to it would not be told.
		t.forget()
		t.remember(append(listed, heard...))
	} else {
		t.remember(fresh)
	}
	t.live, t.synced, t.buffer = true, true, nil
	for s := range t.subscribers {
		if s.started {
			s.push(Live, gap, fresh)
		} else {
			s.start(t.since(s.after))
		}
	}
}

// unseen returns what of a list the ring has not, nor has had: in the list of one user, all that is
// before an entry of the ring is older. Everyone's entries are in the order of time only.
func (t *topic) unseen(list []*Entry) []*Entry {
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
func (t *topic) unknown(entries []*Entry) []*Entry {
	return slices.DeleteFunc(slices.Clone(entries), func(e *Entry) bool { return t.ids[e.ID] })
}

// newest returns the last entry of the ring, or nil.
func (t *topic) newest() *Entry {
	if len(t.ring) == 0 {
		return nil
	}
	return t.ring[len(t.ring)-1]
}

// merge returns what is in the list only, and after that what was heard, each entry once.
func (t *topic) merge(list []*Entry) (listed, heard []*Entry) {
	seen := make(map[string]bool, len(t.buffer))
	for _, e := range t.buffer {
		if !seen[e.ID] {
			seen[e.ID] = true
			heard = append(heard, e)
		}
	}
	return slices.DeleteFunc(list, func(e *Entry) bool { return seen[e.ID] }), heard
}
