package store

import (
	"fmt"
	"math/rand/v2"
	"time"
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
