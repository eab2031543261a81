package store

import (
	"context"
	"fmt"

	"github.com/gin-userlog/userlog/store/internal/feed"
)

// State says whether a [Subscription] can see what happens.
type State int

// The states of a [Subscription].
const (
	Joining = State(feed.Joining) // nothing is known yet
	Live    = State(feed.Live)    // everything that is recorded arrives
	Lost    = State(feed.Lost)    // Redis can't be reached; what was recorded meanwhile will follow, or a gap
	Silent  = State(feed.Silent)  // as Live, but no application has reported itself or a request for a minute
	Off     = State(feed.Off)     // as Live, but recording is switched off: see [Switches]

	// Unpublished is as Live, but every two seconds only: applications may not publish what they record, by [Options.NoPublish] or
	// [Switches].
	Unpublished = State(feed.Unpublished)
)

// Update is what happened on a [Subscription] since its last update.
type Update struct {
	State   State
	Gap     bool     // requests may be missing before Entries; how many are known to be missing, Entry.Gap says
	Entries []*Entry // oldest first, markers among them; shared with other subscriptions, so not to be changed
}

// Subscription is one viewer's place in a log. It gives the backlog first, and then every entry as it is recorded: in
// order, and none twice. It gives a gap wherever entries may be missing.
type Subscription struct{ viewer *feed.Subscription }

// Subscribe watches the log of one user. after is the [Entry.Cursor] of the entry that the viewer has seen last, or "". The
// first update has the entries behind that cursor, or everything that the log holds. It begins with a gap where the
// log no longer reaches back to the cursor. Subscribe does not wait for Redis. Close the Subscription.
func (s *Store) Subscribe(username, after string) (*Subscription, error) {
	if err := CheckUsername(username); err != nil {
		return nil, fmt.Errorf("store: subscribe: %w", err)
	}
	return s.subscribe(username, after)
}

// SubscribeEveryone is [Store.Subscribe] for everyone's log. That log is not stored as a list. So a new viewer begins with
// the newest entries of the users who were seen last. There is a gap also where nobody can know whether entries are missing.
func (s *Store) SubscribeEveryone(after string) (*Subscription, error) {
	return s.subscribe(feed.Everyone, after)
}

func (s *Store) subscribe(username, after string) (*Subscription, error) {
	viewer, err := s.feed.Subscribe(username, after)
	if err != nil {
		return nil, err
	}
	return &Subscription{viewer}, nil
}

// Next waits for the next update. The first update of a new subscription has the backlog, and comes even if
// that is empty. While Redis can't be reached, an update before it says so. Next returns ctx's error when ctx
// ends first, and [ErrClosed] after Close of the subscription or its store. Two goroutines must not call Next or
// Poll at once.
func (s *Subscription) Next(ctx context.Context) (Update, error) {
	update, err := s.viewer.Next(ctx)
	return updateOf(update), err
}

// Poll is [Subscription.Next] without waiting. ok tells whether there was an update. There may be another one: after ok
// call Poll again.
func (s *Subscription) Poll() (update Update, ok bool, err error) {
	told, ok, err := s.viewer.Poll()
	return updateOf(told), ok, err
}

// Notify calls call whenever [Subscription.Poll] may have an update, and at once, in case it has one already. The store calls it
// in a goroutine that serves all subscriptions. So call must not block, and must not use the subscription: it tells another
// goroutine. nil ends the calls, and none is under way when Notify has returned.
func (s *Subscription) Notify(call func()) { s.viewer.Notify(call) }

// Close ends the subscription. It may be called more than once, and from any goroutine.
func (s *Subscription) Close() { s.viewer.Close() }

// updateOf turns an update of the feed into one of the store.
func updateOf(told feed.Update) Update {
	update := Update{State: State(told.State), Gap: told.Gap}
	if len(told.Lines) == 0 {
		return update
	}
	update.Entries = make([]*Entry, len(told.Lines))
	for i, line := range told.Lines {
		e := line.Entry.(*Entry)
		if line.Cursor != e.ID || line.NotKept > 0 {
			placed := *e // the entry itself may be shared with others by now
			if placed.cursor = line.Cursor; line.NotKept > 0 {
				placed.Gap = placed.Gap.with(Gap{NotKept: line.NotKept})
			}
			e = &placed
		}
		update.Entries[i] = e
	}
	return update
}

// decodeForFeed reads one line of username's list or channel for the feed.
func decodeForFeed(username, line string) (feed.Line, error) {
	e, err := decodeLine(username, line)
	if err != nil {
		return feed.Line{}, err
	}
	return lineOf(e), nil
}

// decodeNamedForFeed reads one line of a channel on which those of several users come. It says itself whose it is.
func decodeNamedForFeed(line string) (feed.Line, error) {
	e, err := decodeNamedLine(line)
	if err != nil {
		return feed.Line{}, err
	}
	return lineOf(e), nil
}

func lineOf(e Entry) feed.Line {
	return feed.Line{ID: e.ID, Username: e.Username, Time: e.Time, Counts: e.Counts(), Mark: e.mark(), Entry: &e}
}
