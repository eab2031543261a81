package handlers

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// Times of switchWatch.
const (
	switchInterval  = 5 * time.Second // between two questions what is switched
	watchedInterval = time.Minute     // between two notes that a user is looked at
)

// switchWatch knows what is switched. Where only users are recorded whose logs are looked at, it notes these. All methods may be
// called from several goroutines.
type switchWatch struct {
	periodic[store.Switches]
	logs *store.Store
	log  *slog.Logger

	watchedMu sync.Mutex
	watched   map[string]time.Time // when users were last noted
}

func newSwitchWatch(logs *store.Store, log *slog.Logger) *switchWatch {
	w := &switchWatch{logs: logs, log: log, watched: make(map[string]time.Time)}
	w.interval, w.ask = switchInterval, logs.Switches
	w.patient = true // or pages would say that all is recorded, or what no longer holds
	return w
}

// recordsFew reports whether only users are recorded whose logs are looked at.
func recordsFew(set store.Switches) bool { return set.WatchOnly && !set.NoRecord }

// looked has users recorded whose logs are looked at, where others are not.
func (w *switchWatch) looked(ctx context.Context, usernames []string) {
	if len(usernames) == 0 || !w.now(ctx).WatchOnly {
		return
	}
	users := w.due(usernames)
	if len(users) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), faultTimeout)
	defer cancel()
	if err := w.logs.Watched(ctx, users...); err != nil {
		w.log.Warn("userlog: users whose logs are looked at can't be noted, so they are not recorded", "err", err)
		w.forget(users)
	}
}

// due returns those of some users who are to be noted now.
func (w *switchWatch) due(usernames []string) (users []string) {
	w.watchedMu.Lock()
	defer w.watchedMu.Unlock()
	now := time.Now()
	maps.DeleteFunc(w.watched, func(_ string, at time.Time) bool { return now.Sub(at) >= watchedInterval })
	for _, username := range usernames {
		if _, noted := w.watched[username]; !noted {
			w.watched[username] = now
			users = append(users, username)
		}
	}
	return users
}

// forget has users noted again.
func (w *switchWatch) forget(usernames []string) {
	w.watchedMu.Lock()
	defer w.watchedMu.Unlock()
	for _, username := range usernames {
		delete(w.watched, username)
	}
}
