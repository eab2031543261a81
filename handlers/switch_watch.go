package handlers

import (
	"context"
	"sync"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// switchInterval is how often pages that refresh themselves ask whether recording is switched off.
const switchInterval = 5 * time.Second

// switchWatch knows whether recording is switched off. Its method may be called from several goroutines.
type switchWatch struct {
	logs *store.Store

	mu    sync.Mutex
	asked time.Time
	off   bool
}

// isOff reports whether recording is switched off, or was five seconds ago. One caller at a time asks, for a moment at most. Where that
// fails, what was known holds.
func (w *switchWatch) isOff(ctx context.Context) bool {
	w.mu.Lock()
	known, due := w.off, time.Since(w.asked) >= switchInterval
	if due {
		w.asked = time.Now()
	}
	w.mu.Unlock()
	if !due {
		return known
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), faultTimeout)
	defer cancel()
	set, err := w.logs.Switches(ctx)
	if err != nil {
		return known
	}
	return w.learn(set)
}

// learn notes what is set.
func (w *switchWatch) learn(set store.Switches) (off bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.off = set.NoRecord
	return w.off
}
