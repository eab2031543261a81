package live

import (
	"sync"
	"time"
)

// room is all who watch one log. One goroutine serves them: what a burst has for them is the same, and to wake
// a goroutine for each takes longer than what there is to do.
type room struct {
	guests int           // of the hub, under its lock: those who come, and those whom viewers has
	news   chan struct{} // capacity 1: there may be something to send
	ended  chan struct{} // closed when the last guest has left

	mu      sync.Mutex
	viewers map[*viewer]bool
}

func newRoom() *room {
	return &room{news: make(chan struct{}, 1), ended: make(chan struct{}), viewers: make(map[*viewer]bool)}
}

// run serves the viewers until the last has left.
func (r *room) run() {
	again := time.NewTimer(0)
	defer again.Stop()
	var round []*viewer // used again
	for {
		select {
		case <-r.news:
		case <-again.C:
		case <-r.ended:
			return
		}
		round = r.appendViewers(round[:0])
		if wait := serve(round); wait > 0 {
			again.Reset(wait)
		}
		clear(round)
	}
}

// serve serves viewers, and returns after how long the first of them has to be served again even if there is
// no news; 0 = none has to be.
func serve(viewers []*viewer) (wait time.Duration) {
	now := time.Now() // for all: who is given the same now gathers the same from now on
	for _, v := range viewers {
		if w := v.serve(now); w > 0 && (wait == 0 || w < wait) {
			wait = w
		}
	}
	return wait
}

// wake has the viewers served soon.
func (r *room) wake() {
	select {
	case r.news <- struct{}{}:
	default:
	}
}

func (r *room) add(v *viewer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.viewers[v] = true
}

func (r *room) remove(v *viewer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.viewers, v)
}

func (r *room) appendViewers(to []*viewer) []*viewer {
	r.mu.Lock()
	defer r.mu.Unlock()
	for v := range r.viewers {
		to = append(to, v)
	}
	return to
}

// enterRoom returns the room of a log for one more guest. The caller holds mu.
func (h *Hub) enterRoom(username string) *room {
	r := h.rooms[username]
	if r == nil {
		r = newRoom()
		h.rooms[username] = r
		h.background.Go(r.run)
	}
	r.guests++
	return r
}

// leaveRoom is called as often as enterRoom. The caller holds mu.
func (h *Hub) leaveRoom(username string) {
	r := h.rooms[username]
	if r.guests--; r.guests == 0 {
		delete(h.rooms, username)
		close(r.ended)
	}
}
