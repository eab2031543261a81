package live

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/olahol/melody"

	"github.com/gin-userlog/userlog/auth"
)

// accessInterval is how often the hub asks whether viewers still may look. A viewer whose access has ended is
// told at once, and cut off the next time: within five seconds, all in all.
const accessInterval = 2 * time.Second

// CloseAccessEnded is the code with which a socket is closed whose access has ended: the page has to be
// loaded again, which leads to the login. RFC 6455 leaves codes from 4000 on to applications.
const CloseAccessEnded = 4001

// checkAccess asks about all viewers in turn until there are none, or the hub is closed.
func (h *Hub) checkAccess() {
	ticker := time.NewTicker(accessInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-h.left:
		}
		viewers, more := h.toCheck()
		if !more {
			return
		}
		err := safely(func() error {
			h.endAccess(viewers)
			h.lookForFault()
			h.lookForRefusals()
			h.lookForWatchOnly(h.reading)
			h.lookForTeams(h.reading, watched(viewers)...)
			h.tellLooking(viewers)
			return nil
		})
		if err != nil { // the hub asks again
			h.log.Error("userlog: it could not be asked who may look", "err", err)
		}
	}
}

// tellLooking tells which users' logs are looked at, each once.
func (h *Hub) tellLooking(viewers []*viewer) {
	if h.options.Looking == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), accessInterval)
	defer cancel()
	h.options.Looking(ctx, watched(viewers))
}

// watched are the users whose logs are looked at, each once.
func watched(viewers []*viewer) []string {
	users := make(map[string]bool)
	for _, v := range viewers {
		if v.watch.Username != "" && !v.over.Load() {
			users[v.watch.Username] = true
		}
	}
	return slices.Collect(maps.Keys(users))
}

// toCheck returns the viewers. There are no more when the last has left. Then the next viewer begins
// to check again.
func (h *Hub) toCheck() (viewers []*viewer, more bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checking = len(h.viewers) > 0
	for v := range h.viewers {
		viewers = append(viewers, v)
	}
	return viewers, h.checking
}

// endAccess ends the sockets of viewers whose access has ended.
func (h *Hub) endAccess(viewers []*viewer) {
	var accesses []auth.Access
	asked := make(map[auth.Access]bool)
	for _, v := range viewers {
		if !asked[v.watch.Access] {
			asked[v.watch.Access] = true
			accesses = append(accesses, v.watch.Access)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), accessInterval)
	defer cancel()
	// An error means that Redis, or a master of a Cluster, is away. The pages of its users say so, and the hub asks again. While that
	// is the master of the accounts, nobody can disable one.
	ended, _ := h.options.Ended(ctx, accesses)
	now := time.Now()
	for _, v := range viewers {
		switch {
		case slices.Contains(ended, v.watch.Access):
			v.end(CloseAccessEnded, "access has ended")
		case !v.watch.Until.IsZero() && now.After(v.watch.Until):
			v.end(melody.CloseServiceRestart, "connect again")
		}
	}
}

// end closes the socket with a code. A viewer that has been told so before is cut off.
func (v *viewer) end(code int, reason string) {
	if v.ended {
		v.cut()
		return
	}
	v.ended = true
	v.over.Store(true)
	if s := v.session.Load(); s != nil {
		// The only error is that the socket is closed already.
		_ = s.CloseWithMsg(melody.FormatCloseMessage(code, reason))
	}
}
