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
	Joining State = iota // nothing is known yet
	Live                 // everything that is recorded arrives
	Lost                 // Redis can't be reached; what was recorded meanwhile will follow, or a gap
	Silent               // as Live, but no application has reported itself or a request for a minute
)

// Update is what happened on a [Subscription] since its last update.
type Update struct {
	State State
	Gap   bool    // requests may be missing before Lines
	Lines []*Line // oldest first; shared with other subscriptions, so not to be changed
}

// maxPending bounds what waits for a subscriber that is slow to ask, besides what a topic can have
// to tell at once; then the older half is given up for a gap.
const maxPending = 1024

// Subscription is one viewer's place in a log: it has everything that the log held when it was made,
// then every entry as it is recorded, in order, none twice, and a gap wherever that can't be kept.
type Subscription struct {
	feed  *Feed
	topic *topic
	after string // the cursor at which the viewer goes on; used when the topic goes live

	// Owned by the feed's goroutine.
	limit   int  // of queue
	started bool // has been given its first entries

	ready   chan struct{} // capacity 1: there is something to tell
	mu      sync.Mutex
	notify  chan<- struct{} // of Notify; nil = nobody waits there
	state   State
	queue   []*Line // oldest first, with gapLines
	changed bool    // state or queue has something to tell
	err     error
}

// Next waits until there is something to tell and returns it. The first update of a new
// subscription has the backlog, and comes even if that is empty; while Redis can't be reached there
// is one before it that says so. It returns ctx's error when ctx ends first, and [ErrClosed] after
// Close of the subscription or its store. Next and Poll must not be called by two goroutines at once.
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

// Notify has c told whenever [Subscription.Poll] may have something to return, at once if it may have already.
// Sends do not block: c should have room for one, which stands for any number. One c may serve many
// subscriptions: so does a single goroutine that has many viewers.
func (s *Subscription) Notify(c chan<- struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notify = c
	s.wake()
}

// Close ends the subscription. It may be called more than once, and from any goroutine.
func (s *Subscription) Close() {
	s.fail(ErrClosed)
	s.feed.do(func() { s.feed.leave(s) })
}

// gapLine stands in a subscription's queue where entries may be missing.
var gapLine = &Line{}

// Poll is [Subscription.Next] without waiting: ok tells whether there was something to tell. One call may not
// return everything: after ok it is to be called again.
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
func (s *Subscription) start(gap bool, entries []*Line) {
	s.started = true
	s.push(Live, gap, entries)
}

// push adds to what is pending, if it is news. It never blocks. Whoever waits is not told before announce.
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

// announce tells whoever waits that there is something to tell, if there is.
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

// wake tells whoever waits. The caller holds mu.
func (s *Subscription) wake() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
	select {
	case s.notify <- struct{}{}:
	default:
	}
}
