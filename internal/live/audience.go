package live

import (
	"sync"
	"time"
)

// audience is all viewers of one log. One goroutine serves them: a burst has the same news for all, and waking
// a goroutine for each viewer takes longer than what there is to do.
type audience struct {
	members int           // including viewers that are just connecting; under the hub's lock
	news    chan struct{} // capacity 1: there may be something to send
	ended   chan struct{} // closed when the last member has left

	mu      sync.Mutex
	viewers map[*viewer]bool // that are connected
}

func newAudience() *audience {
	return &audience{news: make(chan struct{}, 1), ended: make(chan struct{}), viewers: make(map[*viewer]bool)}
}

// run serves the viewers until the last has left.
func (a *audience) run() {
	again := time.NewTimer(0)
	defer again.Stop()
	var round []*viewer // the slice is used again
	for {
		select {
		case <-a.news:
		case <-again.C:
		case <-a.ended:
			return
		}
		round = a.appendViewers(round[:0])
		if wait := serve(round); wait > 0 {
			again.Reset(wait)
		}
		clear(round)
	}
}

// serve serves viewers, and returns after how long the first of them has to be served again even without news;
// 0 = never.
func serve(viewers []*viewer) (wait time.Duration) {
	now := time.Now() // one time for all, so that viewers who get the same entries now get the same ones next time
	for _, v := range viewers {
		if w := v.serve(now); w > 0 && (wait == 0 || w < wait) {
			wait = w
		}
	}
	return wait
}

// wake has the viewers served soon.
func (a *audience) wake() {
	select {
	case a.news <- struct{}{}:
	default:
	}
}

func (a *audience) add(v *viewer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.viewers[v] = true
}

func (a *audience) remove(v *viewer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.viewers, v)
}

func (a *audience) appendViewers(to []*viewer) []*viewer {
	a.mu.Lock()
	defer a.mu.Unlock()
	for v := range a.viewers {
		to = append(to, v)
	}
	return to
}

// enterAudience returns the audience of a log for one more member. The caller holds mu.
func (h *Hub) enterAudience(username string) *audience {
	a := h.audiences[username]
	if a == nil {
		a = newAudience()
		h.audiences[username] = a
		h.background.Go(a.run)
	}
	a.members++
	return a
}

// leaveAudience is called as often as enterAudience. The caller holds mu.
func (h *Hub) leaveAudience(username string) {
	a := h.audiences[username]
	if a.members--; a.members == 0 {
		delete(h.audiences, username)
		close(a.ended)
	}
}
