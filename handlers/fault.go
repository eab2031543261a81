package handlers

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// faultInterval is how often pages that can be shown ask whether Redis takes what is written.
const faultInterval = 2 * time.Second

// faultTimeout is how long a page waits to say what is wrong with Redis, which has just failed to answer, perhaps.
const faultTimeout = 300 * time.Millisecond

// faultWatch knows what is wrong with Redis, for pages that refresh themselves. Its method may be called from several goroutines.
type faultWatch struct {
	logs *store.Store
	log  *slog.Logger

	mu       sync.Mutex
	asked    time.Time
	fault    store.Fault
	evicting bool // it is known what Redis drops when its memory is full
}

// now is why Redis refuses what is written, or did two seconds ago. Where it does not answer, that is told by what was asked of
// it. One caller at a time asks, for a moment at most; others take what is known.
func (w *faultWatch) now(ctx context.Context) store.Fault {
	w.mu.Lock()
	known, due := w.fault, time.Since(w.asked) >= faultInterval
	if due {
		w.asked = time.Now()
	}
	w.mu.Unlock()
	if !due {
		return known
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), faultTimeout)
	defer cancel()
	fault := store.FaultOf(w.logs.PingWrite(ctx))
	if !fault.IsRefusal() {
		fault = ""
	}
	w.warnOfEviction(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = fault
	return fault
}

// warnOfEviction logs once that Redis can drop accounts and the audit log. A program of its own asks before it starts. An application
// that embeds the admin goes on.
func (w *faultWatch) warnOfEviction(ctx context.Context) {
	w.mu.Lock()
	known := w.evicting
	w.mu.Unlock()
	if known {
		return
	}
	policy, err := w.logs.EvictionPolicy(ctx)
	if err != nil && store.FaultOf(err) == "unreachable" {
		return // it is asked again
	}
	if strings.HasPrefix(policy, "allkeys-") {
		w.log.Warn("userlog: Redis drops any key when its memory is full, so that accounts and the audit log can vanish: set maxmemory-policy noeviction", "maxmemory-policy", policy)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
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
