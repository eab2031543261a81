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

// failureLog logs what requests to the admin failed for. While Redis is away, each page of each agent fails for the same reason, which
// is logged once a minute.
type failureLog struct {
	log *slog.Logger
	now func() time.Time

	mu   sync.Mutex
	last map[failure]*repeated
}

// foreignFault stands for what is wrong with something else than Redis.
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

// add logs a failure, or counts it for the next line about its like. A request that was given up is none.
func (f *failureLog) add(text string, err error, args ...any) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	f.write(slog.LevelError, failure{text, store.FaultOf(err)}, err, args)
}

// addForeign is add for a failure that is not Redis', and that strangers can bring about as often as they like. One of each text a minute
// is logged.
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

// count counts a failure. It reports whether it is to be logged, and how many were not since the last one that was. What is no fault of
// Redis is always logged.
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
