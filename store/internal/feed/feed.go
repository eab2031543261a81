// Package feed follows logs for any number of viewers. A viewer gets every entry once and in order. Where the feed can't
// prove that, the viewer gets a gap. Of an entry the feed knows only its user, and what tells its place in the log.
package feed

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/failures"
	"github.com/gin-userlog/userlog/store/internal/keys"
)

// ErrClosed is returned by every method that can't work after the feed, or a subscription, was closed.
var ErrClosed = errors.New("store: closed")

// Line is one recorded request.
type Line struct {
	ID       string
	Username string
	Time     time.Time
	Counts   bool   // it is one of those that count: the kept list has it when newer entries have pushed it out of the log
	Cursor   string // at which a viewer resumes behind it: the ID, unless only this feed is certain of its place
	Entry    any    // what Options.Decode has made of it
	Mark     failures.Mark
	NotKept  int // how many requests that count are missing before it, for this viewer: newer requests have pushed them out

	slot uint16 // of the user's list, where the line was heard on a Cluster
}

// Options configure a [Feed]. All fields are required, except NoPublish and Sharded.
type Options struct {
	Client     redis.UniversalClient
	Keys       keys.Keys
	MaxEntries int           // of one user's list
	Retention  time.Duration // of one user's list
	NoPublish  bool          // no entry is published: viewers are served from lists alone
	Sharded    bool          // entries are published on the channels of slots; Client is a *redis.ClusterClient
	Log        *slog.Logger

	// Decode reads one line of username's list or channel. A line without a cursor has its ID as such.
	Decode func(username, line string) (Line, error)

	// DecodeNamed reads one line that says itself whose it is, as on a Cluster.
	DecodeNamed func(line string) (Line, error)

	// Users returns up to limit users, the last seen first: those whose logs are in some slots of a Cluster, or all where slots is
	// nil. With an error there may be more users than it returns.
	Users func(ctx context.Context, slots map[uint16]bool, limit int) ([]string, error)

	// Private reports whether the log of a user is not a part of everyone's.
	Private func(username string) bool

	// Reports asks what applications have said of themselves. A report that can't be read stays as it is known.
	Reports func(ctx context.Context, known Reports) (Reports, error)

	// ReportInterval is how often applications report. One that has not reported for Silence counts as gone.
	ReportInterval, Silence time.Duration
}

// Reports is what applications have said of themselves.
type Reports struct {
	Reporting   bool // one has reported itself lately, or has recorded a request
	Shortest    int  // the smallest limit of their lists, 0 if none is known
	Unpublished bool // some do not publish by their own options
	NoPublish   bool // they have been told not to publish
	Off         bool // they have been told to record nothing
}

// Times of the feed.
const (
	tickInterval  = 250 * time.Millisecond
	linger        = 5 * time.Second        // a topic without viewers is kept: its page may just be reloading
	probeInterval = 4 * time.Second        // without anything heard, until the connection is tested
	checkInterval = 2 * time.Second        // on a Cluster, between questions whether a master has its slots still
	dialInterval  = 500 * time.Millisecond // at least, between two attempts to connect
	dialTimeout   = 2 * time.Second        // of one attempt, until Redis confirms the first subscription
)

// Feed tells viewers of entries as they are recorded. It has one pub/sub connection for any number of viewers, or one to each
// master of a Cluster, and none when there are no viewers. One goroutine, run, owns the state and never blocks. Other goroutines
// do what takes time, and send their results as functions for run to call.
type Feed struct {
	options Options
	tick    time.Duration // how often proceed is called when nothing happens
	name    string        // of this feed, in its probes
	cluster *redis.ClusterClient

	counts   counts
	starting sync.Once
	calls    chan func() // of viewers
	results  chan func() // of connections and snapshots
	context  context.Context
	cancel   context.CancelFunc
	done     chan struct{}

	// Owned by run.
	topics      map[string]*topic // by username
	channels    map[channelName]*channel
	connections map[string]*connection // by the address of their server
	sharded     bool                   // channels are those of slots
	unplaced    map[*channel]bool      // have no connection
	placing     bool                   // their servers are being looked for
	placeAfter  time.Time              // not looked for before that
	placePause  time.Duration          // to be made before
	dialledAt   map[string]time.Time   // by address: when a connection was last made, or tried
	away        map[string]bool        // by address: the last connection broke, or could not be made
	owners      map[uint16]ownership   // of slots
	troubled    bool                   // that Redis is away has been logged
	silence     silence
	reports     Reports // as they were last read

	unpublishedUntil time.Time // applications may have been told not to publish
	listed           bool      // viewers have been told that their entries are read from lists, and not heard
	listedAt         time.Time // when the lists were read last for that
	off              bool      // applications have been told to record nothing
}

// New returns a feed, which connects when somebody subscribes. Close it.
func New(options Options) *Feed {
	ctx, cancel := context.WithCancel(context.Background())
	f := &Feed{
		options: options, tick: tickInterval, name: rand.Text(),
		calls: make(chan func()), results: make(chan func(), 256),
		context: ctx, cancel: cancel, done: make(chan struct{}),
		topics: map[string]*topic{}, channels: map[channelName]*channel{}, connections: map[string]*connection{},
		unplaced: map[*channel]bool{}, dialledAt: map[string]time.Time{}, away: map[string]bool{}, owners: map[uint16]ownership{},
		silence: silence{tolerated: options.Silence, confirmed: options.ReportInterval + silenceInterval},
	}
	f.cluster, _ = options.Client.(*redis.ClusterClient)
	f.sharded = options.Sharded && f.cluster != nil
	return f
}

// Subscribe watches the log of one user, or of [Everyone]. after is the cursor of the entry that the viewer has seen last, or
// "". The first update has the entries behind that cursor, or everything that the log holds. It begins with a gap where
// the log no longer reaches back to the cursor. Subscribe does not wait for Redis. Close the Subscription.
func (f *Feed) Subscribe(username, after string) (*Subscription, error) {
	f.starting.Do(func() { go f.run() })
	t := newTopic(username, f.options)
	s := &Subscription{feed: f, after: after, ready: make(chan struct{}, 1)}
	if !f.do(func() { f.join(s, t) }) {
		return nil, ErrClosed
	}
	return s, nil
}

// do has f's goroutine call call, and reports whether it did.
func (f *Feed) do(call func()) bool {
	called := make(chan struct{})
	select {
	case f.calls <- func() { call(); close(called) }:
		<-called
		return true
	case <-f.context.Done():
		return false
	}
}

// report has f's goroutine call result, unless the feed is closed. It blocks while that goroutine is busy. So a connection
// that receives faster than the feed can work has to wait.
func (f *Feed) report(result func()) {
	select {
	case f.results <- result:
	case <-f.context.Done():
	}
}

// Close ends every subscription and waits until the feed's goroutine has ended.
func (f *Feed) Close() {
	f.cancel()
	f.starting.Do(func() { close(f.done) })
	<-f.done
}

// run owns the state of the feed.
func (f *Feed) run() {
	defer close(f.done)
	defer f.shutDown()
	tick := time.NewTicker(f.tick)
	defer tick.Stop()
	for {
		select {
		case call := <-f.calls:
			call()
		case result := <-f.results:
			result()
		case <-tick.C:
			f.dropIdle(time.Now())
		case <-f.context.Done():
			return
		}
		f.proceed(time.Now())
	}
}

// proceed starts whatever is due.
func (f *Feed) proceed(now time.Time) {
	f.counts.topics.Store(int64(len(f.topics)))
	if len(f.topics) == 0 {
		f.disconnect()
		f.troubled = false // without a connection, the feed would not notice the end of the outage
		clear(f.away)
		f.silence.interrupt()
		return
	}
	f.place(now)
	quiet := false
	for _, c := range f.connections {
		c.proceed(now)
		quiet = quiet || c.up && c.round == nil
	}
	if quiet && f.silence.due(now) {
		f.listen(now)
	}
	f.followLists(now)
}

// join adds a subscription to its topic. Where there is no such topic yet, fresh becomes it.
func (f *Feed) join(s *Subscription, fresh *topic) {
	t, watched := f.topics[fresh.username]
	if !watched {
		t = fresh
		t.off, t.unpublished = f.off, f.listed
		if f.sharded && t.everyone() {
			t.slots = newSlots(f.options.Keys.UsedSlots())
		}
		f.topics[t.username] = t
		f.watch(t)
	}
	if t.live && f.unpublished(time.Now()) {
		f.refresh(t) // its copy is out of date: it heard of no entries
	}
	s.topic = t
	t.join(s)
	if t.lost {
		s.push(Lost, false, nil)
	}
	if t.live && !t.lost && f.silence.total {
		s.push(Silent, false, nil)
	}
	s.announce()
}

// leave removes a subscription from its topic.
func (f *Feed) leave(s *Subscription) {
	delete(s.topic.subscriptions, s)
	s.topic.idleSince = time.Now()
}

// dropIdle gives up topics that have had no viewer for a while. It tells viewers of topics that have been without a channel for a
// while.
func (f *Feed) dropIdle(now time.Time) {
	for username, t := range f.topics {
		switch {
		case len(t.subscriptions) == 0 && now.Sub(t.idleSince) > linger:
			delete(f.topics, username)
			f.unwatch(t)
		case !t.missedSince.IsZero() && now.Sub(t.missedSince) > moveGrace:
			t.tellLost()
		}
	}
}

// lose drops a connection after a failure. The channels of the connection are placed anew.
func (f *Feed) lose(c *connection, err error) {
	f.counts.lost.Add(1)
	f.drop(c)
	f.away[c.server.address] = true
	f.trouble(err)
	f.silence.interrupt()
	f.reload()
	channels := make([]*channel, 0, len(c.channels))
	for _, ch := range c.channels {
		ch.conn, ch.heard = nil, false
		f.unplaced[ch] = true
		channels = append(channels, ch)
	}
	f.placeAfter = time.Time{}
	f.loseAll(channels)
}

// loseAll tells the viewers of channels that their server is away.
func (f *Feed) loseAll(channels []*channel) {
	slots := map[*topic][]uint16{}
	for _, ch := range channels {
		if f.channels[ch.channelName] != ch {
			continue // given up
		}
		ch.lost = true
		for _, t := range ch.topics {
			slots[t] = append(slots[t], ch.slot)
		}
	}
	for t, lost := range slots {
		t.lose(lost)
		if t.slots != nil && !t.live {
			f.begin(t) // everyone's log begins without the slots of a master that is away
		}
	}
}

// trouble logs, once an outage, that logs can't be watched.
func (f *Feed) trouble(err error) {
	if !f.troubled {
		f.troubled = true
		f.options.Log.Warn("userlog: live logs are interrupted: the log store can't be reached", "err", err)
	}
}

// noteRecovery logs that an outage is over, when all channels are heard again.
func (f *Feed) noteRecovery() {
	if !f.troubled || len(f.unplaced) > 0 {
		return
	}
	for _, c := range f.connections {
		if !c.up {
			return
		}
	}
	f.troubled = false
	f.options.Log.Info("userlog: live logs are back")
}

// drop closes a connection.
func (f *Feed) drop(c *connection) {
	c.close()
	delete(f.connections, c.server.address)
}

// disconnect closes all connections, and forgets what was under way on them.
func (f *Feed) disconnect() {
	for _, c := range f.connections {
		f.drop(c)
	}
}

// shutDown ends every subscription.
func (f *Feed) shutDown() {
	f.disconnect()
	for _, t := range f.topics {
		for s := range t.subscriptions {
			s.fail(ErrClosed)
		}
	}
}
