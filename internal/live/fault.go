package live

import (
	"context"
	"maps"
	"slices"

	"github.com/gin-userlog/userlog/store"
)

// lookForFault asks whether Redis takes what is written, and tells viewers if that has changed. A Redis that refuses changes can
// still be read. So the feed notices nothing, although no entry arrives any more. checkAccess calls lookForFault.
func (h *Hub) lookForFault() {
	ctx, cancel := context.WithTimeout(context.Background(), accessInterval)
	defer cancel()
	fault := h.askForFault(ctx)
	if before := h.faultNow(); before == fault {
		return
	}
	h.fault.Store(&fault)
	h.wakeAll()
}

// lookForRefusals asks which of the logs that are watched take nothing new, and tells the viewers of those where that has changed.
func (h *Hub) lookForRefusals() {
	if h.options.Refused == nil {
		return
	}
	h.mu.Lock()
	usernames := slices.Collect(maps.Keys(h.audiences))
	h.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), accessInterval/2) // access is asked about next
	defer cancel()
	refused := h.options.Refused(ctx, usernames)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, username := range usernames {
		if a, fault := h.audiences[username], refused[username]; a != nil && a.refused() != fault {
			a.refusal.Store(&fault)
			a.wake()
		}
	}
}

// refused is why Redis takes nothing new for the log of the audience, "" if it does.
func (a *audience) refused() store.Fault {
	if fault := a.refusal.Load(); fault != nil {
		return *fault
	}
	return ""
}

// wakeAll has all viewers served, who are then told what has changed.
func (h *Hub) wakeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.audiences {
		a.wake()
	}
}

// askForFaultOf is askForFault for the log of a user, or for all logs.
func (h *Hub) askForFaultOf(ctx context.Context, username string) store.Fault {
	if fault := h.askForFault(ctx); fault != "" || h.options.Refused == nil {
		return fault
	}
	return h.options.Refused(ctx, []string{username})[username]
}

// askForFault returns why Redis refuses what is written, and "" if it does not. That Redis does not answer at all, the feed finds out.
func (h *Hub) askForFault(ctx context.Context) store.Fault {
	if h.options.Fault == nil {
		return ""
	}
	if fault := h.options.Fault(ctx); fault.IsRefusal() {
		return fault
	}
	return ""
}

// faultNow is what viewers are told that is wrong with Redis, "" for nothing.
func (h *Hub) faultNow() store.Fault {
	if fault := h.fault.Load(); fault != nil {
		return *fault
	}
	return ""
}
