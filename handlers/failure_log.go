package handlers

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// failureInterval is at least between two lines about failures that are alike.
const failureInterval = time.Minute

// failureLog logs why requests to the admin failed. While Redis is away, each page of each agent fails for the same reason. That
// reason is logged once a minute.
type failureLog struct {
	log *slog.Logger
	now func() time.Time

	mu   sync.Mutex
	last map[failure]*repeated
}

// foreignFault stands in the place of a fault of Redis, for failures that something else has caused.
const foreignFault store.Fault = "foreign"

// failure is what failures have in common of which one a minute is logged.
type failure struct {
	text  string
	fault store.Fault
}

// repeated is a failure that may come again and again.
type repeated struct {
	logged time.Time
	since  int // how often it came since then
}

func newFailureLog(log *slog.Logger, now func() time.Time) *failureLog {
	return &failureLog{log: log, now: now, last: make(map[failure]*repeated)}
}

// add logs a failure, or counts it for the next line about failures that are alike. A request that the client gave up is no failure.
func (f *failureLog) add(text string, err error, args ...any) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	f.write(slog.LevelError, failure{text, store.FaultOf(err)}, err, args)
}

// addForeign is add for a failure that Redis has not caused, and that strangers can bring about as often as they like. For each text, one
// failure a minute is logged.
func (f *failureLog) addForeign(text string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		f.write(slog.LevelWarn, failure{text, foreignFault}, err, nil)
	}
}

// write logs a failure where it is due.
func (f *failureLog) write(level slog.Level, of failure, err error, args []any) {
	since, due := f.count(of)
	if !due {
		return
	}
	if args = append(args, "err", err); since > 0 {
		args = append(args, "more_since", since)
	}
	f.log.Log(context.Background(), level, of.text, args...)
}

// count counts a failure. It reports whether this failure is to be logged, and how many have not been since the last one that was. A
// failure without a fault is always logged.
func (f *failureLog) count(of failure) (since int, due bool) {
	if of.fault == "" {
		return 0, true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := f.last[of]
	if seen == nil {
		seen = &repeated{}
		f.last[of] = seen
	}
	if now := f.now(); now.Sub(seen.logged) >= failureInterval {
		since, seen.logged, seen.since = seen.since, now, 0
		return since, true
	}
	seen.since++
	return 0, false
}
