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
	// ViewingTimeout is how long after the last sign of life a viewing has ended.
	ViewingTimeout = time.Minute
	// MaxViewings is how many viewings one account may have under way in one process.
	MaxViewings = 1000

	sweepInterval = 5 * time.Second
)

// Errors of [Viewings].
var (
	ErrTooManyViewings = fmt.Errorf("more than %d viewings by one account at once", MaxViewings)
	ErrClosed          = errors.New("the program is ending")
)

// Viewing is one account's look at one log. Looks that agree in every field and are less than a minute apart
// are one viewing. Examples are a page that asks every two seconds, a socket that was cut off and came
// back, and two tabs. With a [Roster] they are one also where they reach several processes.
type Viewing struct {
	Actor   Actor  // the account that looks
	Action  Action // [View], [Watch], [WatchEveryone] or [AuditRead]
	Subject string // the user who is looked at
	Reason  string // what the actor gave as the reason
}

func (v Viewing) record() Record {
	r := v.Actor.Record(v.Action, v.Subject)
	r.Reason = v.Reason
	return r
}

// bounded returns the viewing as it is recorded. It is kept in memory for as long as it goes on.
func (v Viewing) bounded() Viewing {
	r := v.record().cleaned()
	actor := Actor{Name: r.Actor, Role: r.Role, Via: r.Via, Address: r.Address}
	return Viewing{Actor: actor, Action: r.Action, Subject: r.Subject, Reason: r.Reason}
}

// Appender writes records; it is a [Log].
type Appender interface {
	Append(ctx context.Context, r Record) (Record, error)
}

// Viewings are the viewings that are under way in this process. All methods may be called from several
// goroutines.
type Viewings struct {
	log    Appender
	roster *Roster // nil where viewings end with the process
	logger *slog.Logger

	stop    chan struct{}
	stopped chan struct{}
	closing sync.Once

	sweeping sync.Mutex // one goroutine at a time sweeps, and records ends
	swept    bool       // the last round has reached Redis

	mu     sync.Mutex // guards the fields below
	ended  []Record   // ends that are still to be written
	open   map[Viewing]*openViewing
	counts map[string]int // of open viewings, by the name of the actor
	closed bool
}

// openViewing is one viewing that is under way. Viewings.mu guards it; err may be read once begun is
// closed.
type openViewing struct {
	begun chan struct{} // closed when the record of the beginning was written, or could not be
	err   error         // why it could not be
	seq   int64         // of that record; 0 before it was written

	first, last time.Time // signs of life
	sockets     int       // that are open
}

// over reports whether the viewing has shown no sign of life for too long. The caller holds mu.
func (o *openViewing) over(now time.Time) bool {
	begun := o.seq > 0 // or else its record is being written
	return begun && o.sockets == 0 && now.Sub(o.last) >= ViewingTimeout
}

// NewViewings returns an empty set of viewings. Their beginnings and ends are appended to log. The roster notes them for
// other processes; where it is nil, they are this process' own. The logger is told of ends that can't be written for a while.
// The set has one goroutine: close it.
func NewViewings(log Appender, roster *Roster, logger *slog.Logger) *Viewings {
	v := &Viewings{
		log: log, roster: roster, logger: logger,
		stop: make(chan struct{}), stopped: make(chan struct{}),
		open: make(map[Viewing]*openViewing), counts: make(map[string]int),
	}
	go v.run()
	return v
}

// Touch says that a viewing is going on, for pages that ask again and again. The first call writes the
// record of the beginning and waits for that, about two seconds at most. Calls that follow within
// [ViewingTimeout] only keep the viewing going. After an error nothing may be shown. The error is
// [ErrTooManyViewings], [ErrClosed], or the failure to write the record.
func (v *Viewings) Touch(ctx context.Context, viewing Viewing) error {
	_, err := v.enter(ctx, viewing, 0)
	return err
}

// Begin says that a viewing goes on until end is called, for sockets. In all else it is like
// [Viewings.Touch]. The function end may be called several times, returns at once, and does nothing after
// [Viewings.Close].
func (v *Viewings) Begin(ctx context.Context, viewing Viewing) (end func(), err error) {
	found, err := v.enter(ctx, viewing, 1)
	if err != nil {
		return nil, err
	}
	return sync.OnceFunc(func() { v.leave(found) }), nil
}

// enter finds the viewing or begins it, adds to its sockets, and waits for its record.
func (v *Viewings) enter(ctx context.Context, viewing Viewing, sockets int) (*openViewing, error) {
	viewing = viewing.bounded()
	open, found, err := v.find(viewing, sockets)
	if err != nil {
		return nil, err
	}
	if !found {
		v.begin(ctx, viewing, open)
	}
	select {
	case <-open.begun:
		return open, open.err
	case <-ctx.Done():
		if sockets > 0 {
			v.leave(open)
		}
		return nil, fmt.Errorf("record a viewing: %w", ctx.Err())
	}
}

// find returns the viewing with one more sign of life. If it was not found it is new, and the caller
// begins it.
func (v *Viewings) find(viewing Viewing, sockets int) (open *openViewing, found bool, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return nil, false, ErrClosed
	}
	open, found = v.open[viewing]
	if found && open.over(time.Now()) {
		v.take(viewing, open)
		found = false
	}
	if !found {
		if v.counts[viewing.Actor.Name] >= MaxViewings {
			return nil, false, ErrTooManyViewings
		}
		open = &openViewing{begun: make(chan struct{}), first: time.Now()}
		v.open[viewing] = open
		v.counts[viewing.Actor.Name]++
	}
	open.sockets += sockets
	open.last = time.Now()
	return open, found, nil
}

// begin finds the record of the beginning, or writes it. Other requests may wait for it meanwhile, so it does not end
// with the request that happened to be the first.
func (v *Viewings) begin(ctx context.Context, viewing Viewing, open *openViewing) {
	seq, err := v.beginning(context.WithoutCancel(ctx), viewing)
	v.mu.Lock()
	defer v.mu.Unlock()
	open.seq = seq
	if err != nil {
		open.err = fmt.Errorf("record a viewing: %w", err)
	}
	if err != nil && v.open[viewing] == open { // Close may have forgotten it
		v.forget(viewing)
	}
	close(open.begun)
}

// beginning returns the number of the record with which the viewing began. A viewing that is under way has one, whichever
// process wrote it. All others are written down first.
func (v *Viewings) beginning(ctx context.Context, viewing Viewing) (int64, error) {
	if v.roster == nil {
		record, err := v.log.Append(ctx, viewing.record())
		return record.Seq, err
	}
	going, over, err := v.roster.resume(ctx, viewing)
	switch {
	case err != nil:
		return 0, err
	case going != nil:
		return going.began, nil
	case over != nil:
		v.addEnded(*over)
	}
	record, err := v.log.Append(ctx, viewing.record())
	if err != nil {
		return 0, err
	}
	mine := rostered{Viewing: viewing, began: record.Seq, last: time.Now()}
	noted, err := v.roster.note(ctx, []rostered{mine})
	if err != nil || noted[0].began == mine.began {
		return mine.began, nil // without the note, the next round writes it
	}
	// Another process has begun the same viewing at the same time. So there are two records, and each has an end.
	v.addEnded(mine)
	return noted[0].began, nil
}

// forget removes a viewing. The caller holds mu.
func (v *Viewings) forget(viewing Viewing) {
	delete(v.open, viewing)
	if v.counts[viewing.Actor.Name]--; v.counts[viewing.Actor.Name] == 0 {
		delete(v.counts, viewing.Actor.Name)
	}
}

// leave closes one socket of a viewing.
func (v *Viewings) leave(open *openViewing) {
	v.mu.Lock()
	defer v.mu.Unlock()
	open.sockets--
	open.last = time.Now()
}
