package watching

import "context"

// Limits for tests.
const (
	MaxTroubled = maxTroubled
	MaxPosts    = maxPosts
	MaxReads    = maxReads
)

// Look looks once.
func (w *Watcher) Look(ctx context.Context) error { return w.look(ctx) }

// Known is of how many users the watcher remembers something, and how many failures in all.
func (w *Watcher) Known() (users, failures int) {
	for _, u := range w.known {
		failures += len(u.failures)
	}
	return len(w.known), failures
}
