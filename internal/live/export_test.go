package live

import (
	"time"

	"github.com/olahol/melody"
)

// Hurry gives a hub without viewers shorter limits than tests can wait for.
func (h *Hub) Hurry(ping, pong, write time.Duration) {
	h.melody.Config.PingPeriod, h.melody.Config.PongWait, h.melody.Config.WriteWait = ping, pong, write
}

// The limits that hubs have.
const (
	PingPeriod = pingPeriod
	PongWait   = pongWait
	WriteWait  = writeWait
)

// PanicWhenSpokenTo makes a callback of a hub without viewers panic.
func (h *Hub) PanicWhenSpokenTo() {
	heard := h.guarded(func(*viewer, *melody.Session) { panic("spoken to") })
	h.melody.HandleMessage(func(s *melody.Session, _ []byte) { heard(s) })
}

// Awaited is how many viewers have to be served as soon as what was sent to them has left.
func (h *Hub) Awaited() (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for v := range h.viewers {
		v.mu.Lock()
		if v.awaited {
			n++
		}
		v.mu.Unlock()
	}
	return n
}

// HoldTrail has everybody wait who needs to know what a user has done so far, until it is released.
func (h *Hub) HoldTrail(username string) (release func()) {
	h.mu.Lock()
	t := h.enterTrail(username)
	h.mu.Unlock()
	t.mu.Lock()
	return func() {
		t.mu.Unlock()
		h.mu.Lock()
		defer h.mu.Unlock()
		h.leaveTrail(username)
	}
}
