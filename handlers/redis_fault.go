package handlers

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// faultInterval is how often pages that can be shown ask whether Redis takes what is written.
const faultInterval = 2 * time.Second

// faultTimeout is how long a page waits to say what is wrong with Redis, which has just failed to answer, perhaps.
const faultTimeout = 300 * time.Millisecond

// refusalHolds is how long pages say why Redis takes no changes without having heard it again. Longer than that, it may have another reason.
const refusalHolds = 10 * time.Second

// faultWatch knows what is wrong with Redis.
type faultWatch struct {
	periodic[store.Fault]
	logs *store.Store
	log  *slog.Logger

	mu     sync.Mutex
	last   refusal            // of anything that is written
	ofLogs map[string]refusal // of what is written to logs, by username

	evictionMu sync.Mutex
	evicting   bool // it is known what Redis drops when its memory is full
}

// refusal is why Redis has refused what was written, and when.
type refusal struct {
	fault store.Fault
	at    time.Time
}

// after is the refusal that still holds after a further attempt. If Redis has not answered in time, that ends no refusal of moments ago.
func (r refusal) after(err error, now time.Time) refusal {
	var late net.Error
	switch fault := store.FaultOf(err); {
	case fault.IsRefusal():
		return refusal{fault, now}
	case errors.As(err, &late) && late.Timeout() && now.Sub(r.at) < refusalHolds:
		return r
	}
	return refusal{}
}

func newFaultWatch(logs *store.Store, log *slog.Logger) *faultWatch {
	w := &faultWatch{logs: logs, log: log, ofLogs: make(map[string]refusal)}
	w.interval, w.ask = faultInterval, w.check
	return w
}

// check returns why Redis refuses what is written. An error says that Redis has not answered in time, which ends no refusal of moments ago.
// If Redis can't be reached, check returns "": the request that needs Redis says that.
func (w *faultWatch) check(ctx context.Context) (store.Fault, error) {
	err := w.logs.PingWrite(ctx)
	w.warnOfEviction(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = w.last.after(err, time.Now())
	if w.last.fault != "" && !store.FaultOf(err).IsRefusal() {
		return "", err
	}
	return w.last.fault, nil
}

// of returns why Redis refuses what is written to the logs of some users, of those for whom that is so. Only masters of a Cluster differ.
// The name "" stands for all logs.
func (w *faultWatch) of(ctx context.Context, usernames []string) map[string]store.Fault {
	failed, now := w.logs.PingLogs(ctx, usernames...), time.Now()
	refused := make(map[string]store.Fault)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, username := range usernames {
		if r := w.ofLogs[username].after(failed[username], now); r.fault != "" {
			w.ofLogs[username], refused[username] = r, r.fault
		} else {
			delete(w.ofLogs, username)
		}
	}
	maps.DeleteFunc(w.ofLogs, func(_ string, r refusal) bool { return now.Sub(r.at) >= refusalHolds }) // nobody asks about these any more
	return refused
}

// ofLog is why Redis refuses what is written to a user's log, or for "" to any log; "" where it does not. It waits for faultTimeout at most.
func (w *faultWatch) ofLog(ctx context.Context, username string) store.Fault {
	if fault := w.now(ctx); fault != "" {
		return fault
	}
	ctx, cancel := context.WithTimeout(ctx, faultTimeout)
	defer cancel()
	return w.of(ctx, []string{username})[username]
}

// warnOfEviction logs once that Redis can drop accounts and the audit log. "userlog serve" asks before it starts, and does not start
// then. An application that embeds the admin goes on.
func (w *faultWatch) warnOfEviction(ctx context.Context) {
	w.evictionMu.Lock()
	known := w.evicting
	w.evictionMu.Unlock()
	if known {
		return
	}
	policy, err := w.logs.EvictionPolicy(ctx)
	if fault := store.FaultOf(err); err != nil && fault != "not-permitted" && fault != "refused" {
		return // the next call asks again
	}
	if strings.HasPrefix(policy, "allkeys-") {
		w.log.Warn("userlog: Redis drops any key when its memory is full, so that accounts and the audit log can vanish: set maxmemory-policy noeviction", "maxmemory-policy", policy)
	}
	w.evictionMu.Lock()
	defer w.evictionMu.Unlock()
	w.evicting = true
}

// faultBehind is what is wrong with Redis: err says it or, where that is too little, an attempt to write. A transaction that was
// discarded does not say why.
func (s *site) faultBehind(ctx context.Context, err error) store.Fault {
	known := store.FaultOf(err)
	if known.IsRefusal() && known != "refused" {
		return known
	}
	ctx, cancel := context.WithTimeout(ctx, faultTimeout)
	defer cancel()
	if fault := store.FaultOf(s.logs.PingWrite(ctx)); fault != "" {
		return fault
	}
	return known
}
