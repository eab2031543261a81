package live

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// linger is how long the goroutine of an audience stays for more news. A quiet log has none.
const linger = time.Second

// audience is all viewers of one log. One goroutine serves them: the entries are the same for all, and to wake a
// goroutine for each viewer would take longer than to serve them. The goroutine starts when entries come, and ends when the log is quiet.
type audience struct {
	hub     *Hub
	members int                         // including viewers that are just connecting; under the hub's lock
	news    chan struct{}               // capacity 1: there may be something to send
	team    atomic.Pointer[views.Team]  // what colleagues do about the user; nil = that is not known
	refusal atomic.Pointer[store.Fault] // why Redis takes nothing new for this log; nil = nothing is known

	mu      sync.Mutex
	viewers map[*viewer]bool // that are connected
	working bool             // the goroutine is there
	later   *time.Timer      // wakes the audience when a viewer is due although the log is quiet
	over    bool             // the last member has left
}

func newAudience(hub *Hub) *audience {
	return &audience{hub: hub, news: make(chan struct{}, 1), viewers: make(map[*viewer]bool)}
}

// wake has the viewers served soon. It does not block.
func (a *audience) wake() {
	select {
	case a.news <- struct{}{}:
		a.begin()
	default: // that was said already
	}
}

// begin has the goroutine work, unless it does.
func (a *audience) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.working || a.over {
		return
	}
	a.working = true
	a.hub.background.Go(a.work)
}

// work serves the viewers until the log is quiet, or the last of them has left.
func (a *audience) work() {
	pause := time.NewTimer(linger)
	defer pause.Stop()
	var round []*viewer    // the slice is used again
	var wait time.Duration // until a viewer is due without news; 0 = none is
	for {
		select {
		case <-a.news:
		case <-pause.C:
			if (wait == 0 || wait > linger) && a.rest(wait-linger) {
				return
			}
		}
		if a.isOver() {
			return
		}
		round = a.appendViewers(round[:0])
		var sent int
		began := time.Now() // one time for all, so that viewers who get the same entries now get the same ones next time
		wait, sent = serve(round, began)
		clear(round)
		time.Sleep(a.hub.pace.gather(began, time.Since(began), sent))
		stay := linger
		if wait > 0 {
			stay = min(wait, linger)
		}
		pause.Reset(stay)
	}
}

// serve serves viewers. It returns how many messages they are sent, and after how long the first of them has to be served
// again even without news; 0 = never.
func serve(viewers []*viewer, now time.Time) (wait time.Duration, sent int) {
	for _, v := range viewers {
		w, n := v.serve(now)
		if sent += n; w > 0 && (wait == 0 || w < wait) {
			wait = w
		}
	}
	return wait, sent
}

// rest ends the work until there is news, or until the time wait is over; 0 or less = until there is news. It returns false if there
// is news already.
func (a *audience) rest(wait time.Duration) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.news) > 0 {
		return false
	}
	a.working = false
	switch {
	case a.over || wait <= 0:
	case a.later == nil:
		a.later = time.AfterFunc(wait, a.wake)
	default:
		a.later.Reset(wait)
	}
	return true
}

// end is called when the last member has left.
func (a *audience) end() {
	a.mu.Lock()
	a.over = true
	if a.later != nil {
		a.later.Stop()
	}
	a.mu.Unlock()
	a.wake() // so that the goroutine ends
}

func (a *audience) isOver() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.over
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
		a = newAudience(h)
		h.audiences[username] = a
	}
	a.members++
	return a
}

// leaveAudience is called as often as enterAudience. The caller holds mu.
func (h *Hub) leaveAudience(username string) {
	a := h.audiences[username]
	if a.members--; a.members == 0 {
		delete(h.audiences, username)
		a.end()
	}
}
