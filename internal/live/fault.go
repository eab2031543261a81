package live

import (
	"context"

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

// wakeAll has all viewers served, who are then told what has changed.
func (h *Hub) wakeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.audiences {
		a.wake()
	}
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
