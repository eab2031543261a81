package store

import (
	"slices"
	"time"
)

// How much a topic remembers.
const (
	everyoneRing  = 1024 // entries of all users, for viewers that come back
	everyoneShown = 50   // of those, for a viewer that is new
)

// everyone stands in the place of a username for all users; no user is called so.
const everyone = ""

// topic is one log that is being watched: a user's, or everyone's. It holds a copy of the list's
// newest end, from which viewers are served, and belongs to the feed's goroutine.
type topic struct {
	username string // or everyone
	channel  string // or pattern
	limit    int    // of ring

	live   bool     // ring is what the list holds
	synced bool     // was live before
	ring   []*Entry // oldest first
	ids    map[string]bool
	buffer []*Entry // what arrived since the subscription was confirmed, while not live

	subscribers map[*Subscription]bool
	idleSince   time.Time // when the last subscriber left
}

func newTopic(keys Keys, username string, maxEntries int) *topic {
	t := &topic{username: username, limit: maxEntries, ids: map[string]bool{}, subscribers: map[*Subscription]bool{}}
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
	if t.live {
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
		if len(t.buffer) > 2*t.limit {
			t.buffer = slices.Clone(t.buffer[t.limit:]) // the list holds no more either
		}
		return
	}
	if t.ids[e.ID] {
		return
	}
	t.remember(e)
	for s := range t.subscribers {
		s.push(Live, false, []*Entry{e})
	}
}

// remember appends to the ring.
func (t *topic) remember(e *Entry) {
	if len(t.ring) == t.limit {
		delete(t.ids, t.ring[0].ID)
		t.ring[0] = nil
		t.ring = t.ring[1:]
	}
	t.ring = append(t.ring, e)
	t.ids[e.ID] = true
}

// interrupt notes that the channel can't be heard. confirmed, called later, begins anew.
func (t *topic) interrupt() {
	t.live, t.buffer = false, nil
	for s := range t.subscribers {
		s.push(Lost, false, nil)
	}
}

// goLive merges what the list held, oldest first, with what arrived on the channel meanwhile. The
// channel has caught up with the reading of the list, so all that is in the list only is older than
// all that is in the buffer. reaches tells whether the list is known to go back to the last entry
// that the ring has.
func (t *topic) goLive(list []*Entry, reaches func(last *Entry) bool) {
	var last *Entry
	if len(t.ring) > 0 {
		last = t.ring[len(t.ring)-1]
	}
	gap := t.synced && !reaches(last)
	if gap {
		t.ring, t.ids = nil, map[string]bool{}
	}
	fresh := t.merge(list)
	for _, e := range fresh {
		t.remember(e)
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

// merge returns the entries of list and buffer that the ring has not, in order.
func (t *topic) merge(list []*Entry) []*Entry {
	buffered := make(map[string]bool, len(t.buffer))
	for _, e := range t.buffer {
		buffered[e.ID] = true
	}
	var merged []*Entry
	for _, e := range list {
		if !buffered[e.ID] && !t.ids[e.ID] {
			merged = append(merged, e)
		}
	}
	seen := make(map[string]bool, len(t.buffer))
	for _, e := range t.buffer {
		if !t.ids[e.ID] && !seen[e.ID] {
			seen[e.ID] = true
			merged = append(merged, e)
		}
	}
	return merged[max(0, len(merged)-t.limit):]
}
