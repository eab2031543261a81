package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// failed opens the breaker, or holds it open for longer. An outage is logged once for each reason that Redis gives.
func (w *writer) failed(err error) {
	kind := kindOfRefusal(err)
	if w.backoff == 0 {
		w.awayAt = time.Now()
		w.recorder.setConnected(false)
	}
	if w.backoff == 0 || kind != "" && kind != w.refused {
		w.refused = kind
		w.log.Warn("userlog: the log store does not take log entries; they wait in memory", "err", err)
	}
	w.backoff = max(min(2*w.backoff, time.Since(w.awayAt)/4, maxBackoff), minBackoff)
}

// succeeded closes the breaker.
func (w *writer) succeeded() {
	if w.backoff > 0 {
		w.backoff = 0
		w.recorder.setConnected(true)
		w.log.Info("userlog: the log store is back", "waiting", w.recorder.waiting())
	}
}

// rest waits between two attempts, only briefly while the store closes. It returns false when the entries that waited
// have been given up.
func (w *writer) rest() bool {
	pause := time.NewTimer(w.backoff/2 + rand.N(w.backoff/2))
	defer pause.Stop()
	select {
	case <-pause.C:
		return true
	case <-w.recorder.closed:
	}
	hurry := time.NewTimer(minBackoff)
	defer hurry.Stop()
	select {
	case <-hurry.C:
	case <-w.recorder.given:
		return false
	}
	return true
}

// logLosses logs how many entries were lost since it last did: once an outage is over, and every lossInterval at most.
func (w *writer) logLosses(final bool) {
	now := w.recorder.snapshot()
	lost, unconfirmed := now.Dropped.Total()-w.logged.Dropped.Total(), now.Indeterminate-w.logged.Indeterminate
	if lost+unconfirmed == 0 || time.Since(w.loggedAt) < lossInterval && !final {
		return
	}
	text := fmt.Sprintf("userlog: log entries lost: %d", lost)
	if lost == 0 {
		text = fmt.Sprintf("userlog: log entries sent, but not confirmed by Redis: %d", unconfirmed)
	}
	w.log.Warn(text,
		"queue_full", now.Dropped.QueueFull-w.logged.Dropped.QueueFull,
		"user_share", now.Dropped.UserShare-w.logged.Dropped.UserShare,
		"invalid_username", now.Dropped.InvalidUsername-w.logged.Dropped.InvalidUsername,
		"host_panic", now.Dropped.HostPanic-w.logged.Dropped.HostPanic,
		"refused", now.Dropped.Refused-w.logged.Dropped.Refused,
		"closed", now.Dropped.Closed-w.logged.Dropped.Closed,
		"indeterminate", now.Indeterminate-w.logged.Indeterminate)
	w.logged, w.loggedAt = now, time.Now()
}

// setTimes sets the times of the batch by Redis' clock. Where that is not known yet, Redis can't be reached, and the next attempt
// sets them.
func (w *writer) setTimes(ctx context.Context) {
	if err := w.clock.refresh(ctx); err != nil && !redisreply.Is(err) || w.timed {
		return
	}
	w.timed = true
	if wrong := w.clock.correction(); wrong != 0 {
		for i := range w.batch {
			w.batch[i].Time = w.batch[i].Time.Add(-wrong)
		}
	}
	w.logClock(w.clock.measured())
}

// logClock tells once that this host's clock is wrong, and once that it is right again.
func (w *writer) logClock(skew time.Duration) {
	switch wrong := skew.Abs() > ClockTolerance; {
	case wrong && !w.skewed:
		w.skewed = true
		w.log.Warn("userlog: this host's clock differs from that of Redis; entries have Redis' time: set the clocks by NTP",
			"ahead_by", skew.Round(time.Millisecond).String())
	case !wrong && w.skewed:
		w.skewed = false
		w.log.Info("userlog: this host's clock agrees with that of Redis again")
	}
}

// indexed notes what became of the commands that added to the user index, in the transaction of entries that ended with
// err. Where the connection failed, the next transaction adds again. Where a key holds something else, the log says so
// once, and entries are written all the same.
func (w *writer) indexed(added []redis.Cmder, entries []Entry, err error) {
	foreign := slices.IndexFunc(added, func(c redis.Cmder) bool { return redisreply.IsWrongType(c.Err()) })
	switch {
	case foreign >= 0:
		w.recorder.indexRefused()
		if !w.foreign {
			w.log.Warn("userlog: a key of the user index holds something else; entries are written, but users can't be searched or listed in full until it is renamed or deleted",
				"key", added[foreign].Args()[1], "err", added[foreign].Err())
		}
		w.foreign = true
	case err != nil:
		w.index.redo(entries)
	case len(added) > 0 && w.foreign:
		w.log.Info("userlog: the user index is written again")
		w.foreign = false
	}
}
