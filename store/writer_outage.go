package store

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// outage is what a writer knows of the time for which its Redis does not take entries.
type outage struct {
	recorder *recorder
	section  *section
	log      *slog.Logger
	calm     *calmLog      // nil where each line is wanted
	backoff  time.Duration // 0 while Redis answers
	awayAt   time.Time     // when Redis last ceased to answer
	refused  string        // the reason that Redis gave last in this outage, or ""
}

// failed notes an attempt that failed: the outage begins, or goes on, and the next attempt waits longer. An outage is logged once for
// each reason that Redis gives.
func (o *outage) failed(err error) {
	kind := kindOfRefusal(err)
	if o.backoff == 0 {
		o.awayAt = time.Now()
		o.recorder.setConnected(o.section, false)
	}
	if o.backoff == 0 || kind != "" && kind != o.refused {
		o.refused = kind
		if o.calm.may("away "+kind, time.Now()) {
			o.log.Warn("userlog: the log store does not take log entries; they wait in memory", "err", err)
		}
	}
	o.backoff = max(min(2*o.backoff, time.Since(o.awayAt)/4, maxBackoff), minBackoff)
}

// succeeded notes an attempt that succeeded, which ends an outage.
func (o *outage) succeeded() {
	if o.backoff > 0 {
		o.backoff = 0
		o.recorder.setConnected(o.section, true)
		if o.calm.may("back", time.Now()) {
			o.log.Info("userlog: the log store is back", "waiting", o.recorder.waiting(o.section))
		}
	}
}

// undo notes and logs which entries Redis had confirmed and no longer has. The entries of batch have been taken, and are newer.
func (o *outage) undo(lost undone, batch []Entry) {
	if len(lost.parts)+lost.unnamed == 0 {
		return
	}
	o.recorder.undo(lost, batch)
	o.log.Warn("userlog: the log store does not have all log entries any more that it had confirmed: another server has taken over, "+
		"or it has started from an older file", "entries", lost.requests())
}

// rest waits between two attempts. It waits only briefly while the store closes, and returns at once when the writer is stopped. It
// returns false when the entries that waited have been given up.
func (o *outage) rest(stopped <-chan struct{}) bool {
	pause := time.NewTimer(o.backoff/2 + rand.N(o.backoff/2))
	defer pause.Stop()
	select {
	case <-pause.C:
		return true
	case <-stopped:
		return true
	case <-o.recorder.closed:
	}
	hurry := time.NewTimer(minBackoff)
	defer hurry.Stop()
	select {
	case <-hurry.C:
	case <-o.recorder.given:
		return false
	}
	return true
}

// lossLog logs how many entries were lost.
type lossLog struct {
	recorder *recorder
	log      *slog.Logger
	logged   Stats     // the stats when losses were last logged,
	loggedAt time.Time // and when that was
}

// losses logs what was lost since it last did: once an outage is over, and every lossInterval at most.
func (l *lossLog) losses(final bool) {
	now := l.recorder.snapshot()
	lost, unconfirmed := now.Dropped.Total()-l.logged.Dropped.Total(), now.Indeterminate-l.logged.Indeterminate
	if lost+unconfirmed == 0 || time.Since(l.loggedAt) < lossInterval && !final {
		return
	}
	text := fmt.Sprintf("userlog: log entries lost: %d", lost)
	if lost == 0 {
		text = fmt.Sprintf("userlog: log entries sent, but not confirmed by Redis: %d", unconfirmed)
	}
	l.log.Warn(text,
		"queue_full", now.Dropped.QueueFull-l.logged.Dropped.QueueFull,
		"user_share", now.Dropped.UserShare-l.logged.Dropped.UserShare,
		"invalid_username", now.Dropped.InvalidUsername-l.logged.Dropped.InvalidUsername,
		"host_panic", now.Dropped.HostPanic-l.logged.Dropped.HostPanic,
		"refused", now.Dropped.Refused-l.logged.Dropped.Refused,
		"closed", now.Dropped.Closed-l.logged.Dropped.Closed,
		"indeterminate", now.Indeterminate-l.logged.Indeterminate)
	l.logged, l.loggedAt = now, time.Now()
}

// calmLog says which lines about the shards of a Cluster are logged: of those that are alike, one in lossInterval. Where two nodes
// take turns as masters, there would be several a second.
type calmLog struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// may reports whether a line is logged that is known by so few words.
func (c *calmLog) may(words string, now time.Time) bool {
	if c == nil {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil {
		c.last = make(map[string]time.Time)
	}
	if last, said := c.last[words]; said && now.Sub(last) < lossInterval {
		return false
	}
	c.last[words] = now
	return true
}
