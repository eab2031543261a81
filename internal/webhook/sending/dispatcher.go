package sending

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	mathrand "math/rand/v2"
	"sync"
	"time"
)

// Times of sending.
const (
	lookInterval = 3 * time.Second // between two looks into the queues
	firstPause   = 5 * time.Second // after an attempt that failed; it doubles
	maxPause     = 10 * time.Minute
	maxAge       = time.Hour       // of a message; what is older helps nobody on the phone
	endPatience  = 3 * time.Second // that attempts have to end when the program does
)

// Dispatcher sends what waits in the queues. Create it with [NewDispatcher].
type Dispatcher struct {
	options DispatcherOptions
	wake    chan struct{} // capacity 1: there may be something to send
	sending sync.WaitGroup

	mu     sync.Mutex
	busy   map[string]bool // destinations that are sent to
	counts map[string]Counts
	lost   bool // that the queues can't be read has been told
}

// DispatcherOptions say what is sent, and where. All fields are required.
type DispatcherOptions struct {
	Queue        *Queue
	Sender       *Sender
	Destinations func() []Destination // is asked each time, and must not block
	Log          *slog.Logger
}

// Counts are what became of messages for one destination in this process.
type Counts struct {
	Sent    uint64
	Lost    uint64 // given up after attempts, or refused for good
	Dropped uint64 // had no room in the queue
	Retried uint64 // attempts after the first one
}

// NewDispatcher returns a dispatcher. It does nothing before [Dispatcher.Run].
func NewDispatcher(options DispatcherOptions) *Dispatcher {
	return &Dispatcher{options: options, wake: make(chan struct{}, 1), busy: make(map[string]bool), counts: make(map[string]Counts)}
}

// Counts returns what became of messages, by destination: also of those that there were none for.
func (d *Dispatcher) Counts() map[string]Counts {
	all := make(map[string]Counts)
	for _, to := range d.options.Destinations() {
		all[to.Name] = Counts{}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.Copy(all, d.counts)
	return all
}

// count changes the counts of a destination.
func (d *Dispatcher) count(name string, change func(*Counts)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.counts[name]
	change(&c)
	d.counts[name] = c
}

// Run sends messages until ctx ends. Then attempts that are under way have three seconds. Other processes send the messages that are
// not settled by then.
func (d *Dispatcher) Run(ctx context.Context) {
	attempts, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer d.sending.Wait()
	ticker := time.NewTicker(lookInterval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		d.begin(ctx, attempts)
		select {
		case <-ticker.C:
		case <-d.wake:
		case <-ctx.Done():
		}
	}
	time.AfterFunc(endPatience, cancel)
}

// Post puts a message about a subject into the queues of all destinations: see [Queue.Post]. A message that has no room is counted and logged.
func (d *Dispatcher) Post(ctx context.Context, subject string, until time.Time, m Message) error {
	var names []string
	for _, to := range d.options.Destinations() {
		names = append(names, to.Name)
	}
	full, err := d.options.Queue.Post(ctx, subject, until, m, names)
	if err != nil {
		return err
	}
	for _, name := range full {
		d.count(name, func(c *Counts) { c.Dropped++ })
		d.options.Log.Error("a message is dropped, since too many wait for its destination", "destination", name, "waiting", MaxQueue)
	}
	select {
	case d.wake <- struct{}{}:
	default:
	}
	return nil
}

// begin begins to send to each destination to which nobody in this process sends yet. Each has a goroutine of its own, since it may hang.
func (d *Dispatcher) begin(ctx, attempts context.Context) {
	for _, to := range d.options.Destinations() {
		if !d.occupy(to.Name) {
			continue
		}
		d.sending.Go(func() {
			defer d.leave(to.Name)
			for ctx.Err() == nil && d.sendNext(attempts, to) {
			}
		})
	}
}

func (d *Dispatcher) occupy(name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy[name] {
		return false
	}
	d.busy[name] = true
	return true
}

func (d *Dispatcher) leave(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.busy, name)
}

// sendNext sends the message that is due the longest. It returns false where none is, or Redis does not say.
func (d *Dispatcher) sendNext(ctx context.Context, to Destination) bool {
	message, err := d.options.Queue.take(ctx, to.Name)
	if d.complain(ctx, err); message == nil {
		return false
	}
	if message.number > 1 {
		d.count(to.Name, func(c *Counts) { c.Retried++ })
	}
	o := d.attempt(ctx, to, message)
	r, pause := d.judge(ctx, message, o)
	ours, err := d.options.Queue.settled(ctx, message, r, pause, o.Status)
	switch {
	case err != nil:
		d.options.Log.Warn("what came of a message can't be noted, so it may be sent again", "destination", to.Name, "id", message.ID, "err", err)
	case ours:
		d.tell(message, r, pause, o)
	}
	return err == nil
}

// errTooOld is why a message is given up unsent.
var errTooOld = errors.New("it has waited for more than an hour, and would be read as news")

// attempt sends a message, unless it is too old. For example, no program ran for hours.
func (d *Dispatcher) attempt(ctx context.Context, to Destination, t *taken) Outcome {
	if isTooOld(t, 0) {
		return Outcome{Err: errTooOld}
	}
	return d.options.Sender.Send(ctx, to, t.Message)
}

// isTooOld reports whether a message helps nobody any more after a pause. Redis' clock decides, as it did when the message was posted: that of
// the host may be wrong.
func isTooOld(t *taken, pause time.Duration) bool {
	return t.at.Add(pause).Sub(t.Time) > maxAge
}

// complain logs once that the queues can't be read, until they can.
func (d *Dispatcher) complain(ctx context.Context, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil && !d.lost && ctx.Err() == nil {
		d.options.Log.Warn("messages that wait for webhooks can't be read; trying again", "err", err)
	}
	d.lost = err != nil
}

// judge decides what comes of a message after an attempt, and when it is tried again.
func (d *Dispatcher) judge(ctx context.Context, t *taken, o Outcome) (result, time.Duration) {
	pause := max(o.RetryAfter, pauseAfter(t.number))
	switch {
	case o.Delivered():
		return sent, 0
	case ctx.Err() != nil && o.Err != nil:
		return released, 0
	case o.Hopeless(), isTooOld(t, pause):
		return lost, 0
	}
	return failed, pause
}

// pauseAfter is the pause after an attempt: double that before, and up to a fifth more or less, so that not all come at once.
func pauseAfter(attempt int) time.Duration {
	pause := maxPause
	if attempt < 8 {
		pause = min(firstPause<<(attempt-1), maxPause)
	}
	return pause*4/5 + mathrand.N(pause*2/5)
}

// tell counts and logs what came of an attempt.
func (d *Dispatcher) tell(t *taken, r result, pause time.Duration, o Outcome) {
	why := []any{"destination", t.destination, "id", t.ID, "attempt", t.number, "status", o.Status, "err", o.Err}
	switch r {
	case sent:
		d.count(t.destination, func(c *Counts) { c.Sent++ })
	case failed:
		d.options.Log.Warn("a message could not be delivered, and is tried again", append(why, "after", pause.Round(time.Second).String())...)
	case lost:
		d.count(t.destination, func(c *Counts) { c.Lost++ })
		d.options.Log.Error("a message could not be delivered, and is given up", why...)
	}
}
