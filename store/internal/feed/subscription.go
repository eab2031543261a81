package feed

import (
	"context"
	"slices"
	"sync"
)

// State says whether a [Subscription] can see what happens.
type State int

// The states of a [Subscription].
const (
	Joining     State = iota // nothing is known yet
	Live                     // everything that is recorded arrives
	Lost                     // Redis can't be reached; what was recorded meanwhile will follow, or a gap
	Silent                   // as Live, but no application has reported itself or a request for a minute
	Off                      // as Live, but applications have been told to record nothing
	Unpublished              // as Live, but the feed reads entries from lists every few seconds, since applications may not publish them
)

// Update is what happened on a [Subscription] since its last update.
type Update struct {
	State State
	Gap   bool    // requests may be missing before Lines
	Lines []*Line // oldest first; shared with other subscriptions, so not to be changed
}

// maxPending is how many entries wait for a viewer that is slow to ask, besides those that a topic may tell at once.
// Beyond that, the older half is given up for a gap.
const maxPending = 1024

// Subscription is one viewer's place in a log. It gives the backlog first, and then every entry as it is recorded: in
// order, and none twice. It gives a gap wherever entries may be missing.
type Subscription struct {
	feed  *Feed
	topic *topic
	after string // the cursor at which the viewer resumes; used when the topic goes live

	// Owned by the feed's goroutine.
	limit   int  // of queue
	started bool // has been given its first entries

	ready   chan struct{} // capacity 1: there may be an update
	mu      sync.Mutex
	notify  func() // of Notify; nil = nobody waits there
	state   State
	queue   []*Line // oldest first, with gapLines
	changed bool    // state or queue has changed since the last update
	err     error
}

// Next waits for the next update. The first update of a new subscription has the backlog, and comes even if
// that is empty. While Redis can't be reached, an update before it says so. Next returns ctx's error when ctx
// ends first, and [ErrClosed] after Close of the subscription or its store. Two goroutines must not call Next or
// Poll at once.
func (s *Subscription) Next(ctx context.Context) (Update, error) {
	for {
		if update, ok, err := s.Poll(); ok || err != nil {
			return update, err
		}
		select {
		case <-s.ready:
		case <-ctx.Done():
			return Update{}, ctx.Err()
		}
	}
}

// Notify calls call whenever [Subscription.Poll] may have an update, and at once. See the store's Subscription.
func (s *Subscription) Notify(call func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notify = call
	s.wake()
}

// Close ends the subscription. It may be called more than once, and from any goroutine.
func (s *Subscription) Close() {
	s.fail(ErrClosed)
	s.feed.do(func() { s.feed.leave(s) })
}

// gapLine stands for a gap in a subscription's queue: entries may be missing there.
var gapLine = &Line{}

// Poll is [Subscription.Next] without waiting. ok tells whether there was an update. There may be another one: after ok
// call Poll again.
func (s *Subscription) Poll() (update Update, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return Update{}, false, s.err
	}
	if !s.changed {
		return Update{}, false, nil
	}
	update = Update{State: s.state, Lines: s.queue}
	if len(s.queue) > 0 && s.queue[0] == gapLine {
		update.Gap, update.Lines = true, s.queue[1:]
	}
	s.queue = nil
	if next := slices.Index(update.Lines, gapLine); next >= 0 {
		update.Lines, s.queue = update.Lines[:next:next], update.Lines[next:]
	}
	s.changed = len(s.queue) > 0
	return update, true, nil
}

// start gives the subscription its first entries.
func (s *Subscription) start(state State, gap bool, entries []*Line) {
	s.started = true
	s.push(state, gap, entries)
}

// push adds entries to the queue, if the viewer has not got them. It never blocks. A viewer that waits is told by announce.
func (s *Subscription) push(state State, gap bool, entries []*Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state == s.state && !gap && len(entries) == 0 {
		return
	}
	s.state, s.changed = state, true
	if gap {
		s.queueGap()
	}
	s.queue = append(s.queue, entries...)
	if len(s.queue) > s.limit {
		kept := s.queue[len(s.queue)-s.limit/2:]
		s.queue = make([]*Line, 0, s.limit)
		s.queueGap()
		if kept[0] == gapLine {
			kept = kept[1:]
		}
		s.queue = append(s.queue, kept...)
	}
}

// announce wakes a viewer that waits, if there is an update.
func (s *Subscription) announce() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed {
		s.wake()
	}
}

// queueGap appends a gap, unless there is one already. The caller holds mu.
func (s *Subscription) queueGap() {
	if n := len(s.queue); n == 0 || s.queue[n-1] != gapLine {
		s.queue = append(s.queue, gapLine)
	}
}

// fail ends the subscription with an error.
func (s *Subscription) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
	s.wake()
}

// wake wakes a viewer that waits. The caller holds mu.
func (s *Subscription) wake() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
	if s.notify != nil {
		s.notify()
	}
}
