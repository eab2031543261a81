package live

import (
	"context"
	"time"

	"github.com/olahol/melody"
)

// Drain lets nobody in any more: Serve returns ErrClosed from now on. Drain tells one page after the other to connect elsewhere
// (1012). It spreads them evenly over the time given, so that they don't come to another server all at once. Viewers whose turn
// has not come are served as before. Drain returns when the last has been told or, with ctx's error, when ctx ends. Close is
// still to be called.
func (h *Hub) Drain(ctx context.Context, over time.Duration) error {
	left := h.refuseViewers()
	if len(left) == 0 {
		return nil
	}
	ticker := time.NewTicker(max(over/time.Duration(len(left)), time.Microsecond))
	defer ticker.Stop()
	for _, v := range left {
		if s := v.session.Load(); s != nil { // or else the viewer is told when it begins
			// The only error is that the socket is closed already.
			_ = s.CloseWithMsg(restarting())
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// refuseViewers lets nobody in any more, and returns who is there.
func (h *Hub) refuseViewers() (left []*viewer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.draining = true
	for v := range h.viewers { // in no order: nobody's sockets are all told at once
		left = append(left, v)
	}
	return left
}

// restarting is the close message after which a page connects elsewhere.
func restarting() []byte {
	return melody.FormatCloseMessage(melody.CloseServiceRestart, "restarting")
}
