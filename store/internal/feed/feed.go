// Package feed follows logs for any number of viewers. No entry is missing, none comes twice, and all are in order, or a
// gap says so. Of an entry the feed knows only whose it is, and what tells its place.
package feed

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/keys"
)

// ErrClosed is returned by every method that can't work after the feed, or a subscription, was closed.
var ErrClosed = errors.New("store: closed")

// Line is one recorded request.
type Line struct {
	ID       string
	Username string
	Time     time.Time
	Counts   bool   // it is kept although others push it out of the list
	Cursor   string // at which a viewer resumes behind it: the ID, unless only this feed is certain of its place
	Entry    any    // what Options.Decode has made of it
}

// Options configure a [Feed]. All fields are required, except NoPublish.
type Options struct {
	Client     redis.UniversalClient
	Keys       keys.Keys
	MaxEntries int           // of one user's list
	Retention  time.Duration // of one user's list
	NoPublish  bool          // no entry is published: viewers are served from lists alone
	Log        *slog.Logger

	// Decode reads one line of username's list or channel. A line without a cursor has its ID as such.
	Decode func(username, line string) (Line, error)

	// Reports asks whether an application has reported itself lately, or has recorded a request. It also returns the smallest
	// limit of their lists, 0 if none is known.
	Reports func(ctx context.Context) (reporting bool, shortest int, err error)

	// ReportInterval is how often applications report. One that has not reported for Silence counts as gone.
	ReportInterval, Silence time.Duration
}

// Times of the feed.
const (
	tickInterval  = 250 * time.Millisecond
	linger        = 5 * time.Second        // a topic without viewers is kept: its page may just be reloading
	probeInterval = 4 * time.Second        // without anything heard, until the connection is tested
	dialInterval  = 500 * time.Millisecond // at least, between two attempts to connect
	dialTimeout   = 2 * time.Second        // of one attempt, until Redis confirms the first subscription
)

// Feed tells viewers of entries as they are recorded. It has one pub/sub connection for any number of viewers, and
// none when there are no viewers. One goroutine, run, owns the state and never blocks. Other goroutines do what takes
// time, and send their results as functions for run to call.
type Feed struct {
	options Options
	tick    time.Duration // how often proceed is called when nothing happens
	probe   string        // the channel on which this feed hears itself

	starting sync.Once
	calls    chan func() // of viewers
	results  chan func() // of connections and snapshots
	dialled  chan dialled
	context  context.Context
	cancel   context.CancelFunc
	done     chan struct{}

	// Owned by run.
	topics   map[string]*topic // by username; not by channel, since everyone's pattern is the channel of a user named *
	conn     *connection       // nil while there is none
	dialing  bool
	waiting  map[*topic]bool // confirmed, to be read in the next round
	round    *round          // the round under way, or nil
	dialAt   time.Time       // no dialling before that
	heardAt  time.Time       // when something last arrived on conn
	troubled bool            // that Redis is away has been logged
	silence  silence
	shortest int // of the limits of the lists that applications write, as far as they said; 0 = not known
}

// New returns a feed, which connects when somebody subscribes. Close it.
func New(options Options) *Feed {
	ctx, cancel := context.WithCancel(context.Background())
	return &Feed{
		options: options, tick: tickInterval, probe: options.Keys.Probe(rand.Text()),
		calls: make(chan func()), results: make(chan func(), 256), dialled: make(chan dialled, 1),
		context: ctx, cancel: cancel, done: make(chan struct{}),
		topics: make(map[string]*topic), waiting: make(map[*topic]bool),
		silence: silence{gone: options.Silence, confirmed: options.ReportInterval + silenceInterval},
	}
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

// report has f's goroutine call result, unless the feed is closed. It blocks while that goroutine is busy. This holds a
// connection back that sends faster than the feed can take.
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
		case d := <-f.dialled:
			f.finishDial(d)
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
	switch {
	case len(f.topics) == 0:
		f.disconnect()
		f.troubled = false // nobody would notice that it is over
		f.silence.interrupt()
	case f.conn == nil:
		if !f.dialing && now.After(f.dialAt) {
			f.dialAt = now.Add(dialInterval)
			f.dial()
		}
	case f.round != nil:
		if now.After(f.round.deadline) {
			f.lose(fmt.Errorf("nothing has been heard for %s", now.Sub(f.heardAt).Round(time.Second)))
		}
	case len(f.waiting) > 0 || now.Sub(f.heardAt) > probeInterval:
		f.startRound(now)
	case f.silence.due(now):
		f.listen(now)
	}
}

// join adds a subscription to its topic. Where there is no such topic yet, fresh becomes it.
func (f *Feed) join(s *Subscription, fresh *topic) {
	t, watched := f.topics[fresh.username]
	if !watched {
		t = fresh
		f.topics[t.username] = t
		if f.conn != nil {
			f.conn.subscribe(t)
		}
	}
	if t.live && f.options.NoPublish {
		t.confirm() // its copy is out of date: it heard of no entries
		f.waiting[t] = true
	}
	s.topic = t
	t.join(s)
	if f.troubled {
		s.push(Lost, false, nil)
	}
	if t.live && f.silence.total {
		s.push(Silent, false, nil)
	}
	s.announce()
}

// leave removes a subscription from its topic.
func (f *Feed) leave(s *Subscription) {
	delete(s.topic.subscriptions, s)
	s.topic.idleSince = time.Now()
}

// dropIdle gives up topics that have had no viewer for a while.
func (f *Feed) dropIdle(now time.Time) {
	for username, t := range f.topics {
		if len(t.subscriptions) == 0 && now.Sub(t.idleSince) > linger {
			delete(f.topics, username)
			delete(f.waiting, t)
			if f.conn != nil {
				f.conn.unsubscribe(t)
			}
		}
	}
}

// lose drops the connection after a failure; proceed makes a new one.
func (f *Feed) lose(err error) {
	f.disconnect()
	f.trouble(err)
	f.silence.interrupt()
	for _, t := range f.topics {
		t.interrupt()
	}
}

// trouble logs, once an outage, that logs can't be watched.
func (f *Feed) trouble(err error) {
	if !f.troubled {
		f.troubled = true
		f.options.Log.Warn("userlog: live logs are interrupted: the log store can't be reached", "err", err)
	}
}

// disconnect closes the connection, if there is one, and forgets what was under way on it.
func (f *Feed) disconnect() {
	if f.conn == nil {
		return
	}
	f.conn.close()
	f.conn, f.round = nil, nil
	clear(f.waiting)
}

// shutDown ends every subscription.
func (f *Feed) shutDown() {
	f.disconnect()
	if f.dialing {
		go func() { (<-f.dialled).pubsub.Close() }() // it may take until its timeout
	}
	for _, t := range f.topics {
		for s := range t.subscriptions {
			s.fail(ErrClosed)
		}
	}
}
