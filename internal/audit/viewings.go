package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

const (
	// ViewTimeout is how long after the last sign of life a view has ended.
	ViewTimeout = time.Minute
	// MaxViews is how many views one account may have under way in one process.
	MaxViews = 1000

	sweepInterval = 5 * time.Second
)

// Errors of [Viewings].
var (
	ErrTooManyViews = fmt.Errorf("more than %d views by one account at once", MaxViews)
	ErrClosed       = errors.New("the program is ending")
)

// Viewing is somebody looking at a log. Whatever of it is the same within a minute is one view: a
// page that asks every two seconds, a socket that was cut off and came back, two tabs.
type Viewing struct {
	Actor   string // the account that looks
	Role    string // what it is allowed
	Action  Action // [View], [Watch] or [WatchEveryone]
	Subject string // the user who is looked at
	Address string // the IP address from which
	Via     string // by what means
	Reason  string // what the actor gave as the reason
}

func (v Viewing) record() Record {
	return Record{
		Actor: v.Actor, Role: v.Role, Action: v.Action, Subject: v.Subject,
		Address: v.Address, Via: v.Via, Reason: v.Reason,
	}
}

// bounded returns the viewing as it is recorded: it is kept in memory for as long as it goes on.
func (v Viewing) bounded() Viewing {
	r := v.record().cleaned()
	return Viewing{
		Actor: r.Actor, Role: r.Role, Action: r.Action, Subject: r.Subject,
		Address: r.Address, Via: r.Via, Reason: r.Reason,
	}
}

// Appender writes records; it is a [Log].
type Appender interface {
	Append(ctx context.Context, r Record) (Record, error)
}

// Viewings are the views that are under way in this process. All methods may be called from several
// goroutines.
type Viewings struct {
	log    Appender
	logger *slog.Logger

	stop    chan struct{}
	stopped chan struct{}
	closing sync.Once
	ended   []Record // that are still to be written; of run, and of Close after it

	mu     sync.Mutex // guards what follows
	views  map[Viewing]*view
	counts map[string]int // of views, by actor
	closed bool
}

// view is one view. Viewings.mu guards it; err may be read once begun is closed.
type view struct {
	begun chan struct{} // closed when its record was written, or could not be
	err   error         // why it could not be
	seq   int64         // of its record; 0 before it was written

	first, last time.Time // signs of life
	sockets     int       // that are open
}

// NewViewings returns an empty set of views whose beginnings and ends are appended to log; logger is
// told of ends that can't be for a while. It has one goroutine: close it.
func NewViewings(log Appender, logger *slog.Logger) *Viewings {
	v := &Viewings{
		log: log, logger: logger,
		stop: make(chan struct{}), stopped: make(chan struct{}),
		views: make(map[Viewing]*view), counts: make(map[string]int),
	}
	go v.run()
	return v
}

// Touch says that a viewing is going on, for pages that ask again and again. The first call writes
// its record and waits for that, about two seconds at most; those that follow within [ViewTimeout]
// only go on with it. After an error nothing may be shown: it is [ErrTooManyViews], [ErrClosed], or
// that the record could not be written.
func (v *Viewings) Touch(ctx context.Context, viewing Viewing) error {
	_, err := v.enter(ctx, viewing, 0)
	return err
}

// Begin says that a viewing goes on until end is called, for sockets; else it is as Touch. end may
// be called several times, returns at once, and does nothing after [Viewings.Close].
func (v *Viewings) Begin(ctx context.Context, viewing Viewing) (end func(), err error) {
	seen, err := v.enter(ctx, viewing, 1)
	if err != nil {
		return nil, err
	}
	return sync.OnceFunc(func() { v.leave(seen) }), nil
}

// enter finds the view or begins it, adds to its sockets, and waits for its record.
func (v *Viewings) enter(ctx context.Context, viewing Viewing, sockets int) (*view, error) {
	viewing = viewing.bounded()
	seen, found, err := v.find(viewing, sockets)
	if err != nil {
		return nil, err
	}
	if !found {
		v.begin(ctx, viewing, seen)
	}
	select {
	case <-seen.begun:
		return seen, seen.err
	case <-ctx.Done():
		if sockets > 0 {
			v.leave(seen)
		}
		return nil, fmt.Errorf("record a view: %w", ctx.Err())
	}
}

// find returns the view with one more sign of life. If it was not found it is new, and the caller
// begins it.
func (v *Viewings) find(viewing Viewing, sockets int) (seen *view, found bool, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return nil, false, ErrClosed
	}
	seen, found = v.views[viewing]
	if !found {
		if v.counts[viewing.Actor] >= MaxViews {
			return nil, false, ErrTooManyViews
		}
		seen = &view{begun: make(chan struct{}), first: time.Now()}
		v.views[viewing] = seen
		v.counts[viewing.Actor]++
	}
	seen.sockets += sockets
	seen.last = time.Now()
	return seen, found, nil
}

// begin writes the record of a view, also for those who wait for it meanwhile: so it does not end
// with the request that happened to be the first.
func (v *Viewings) begin(ctx context.Context, viewing Viewing, seen *view) {
	record, err := v.log.Append(context.WithoutCancel(ctx), viewing.record())
	v.mu.Lock()
	defer v.mu.Unlock()
	seen.seq = record.Seq
	if err != nil {
		seen.err = fmt.Errorf("record a view: %w", err)
	}
	if err != nil && v.views[viewing] == seen { // Close may have forgotten it
		v.forget(viewing)
	}
	close(seen.begun)
}

// forget removes a view. The caller holds mu.
func (v *Viewings) forget(viewing Viewing) {
	delete(v.views, viewing)
	if v.counts[viewing.Actor]--; v.counts[viewing.Actor] == 0 {
		delete(v.counts, viewing.Actor)
	}
}

// leave closes one socket of a view.
func (v *Viewings) leave(seen *view) {
	v.mu.Lock()
	defer v.mu.Unlock()
	seen.sockets--
	seen.last = time.Now()
}
