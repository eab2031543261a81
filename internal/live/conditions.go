package live

import (
	"context"

	"github.com/gin-userlog/userlog/store"
)

// conditions are what the viewers of all logs are told besides entries.
type conditions struct {
	fault     store.Fault // what is wrong with Redis, "" for nothing
	watchOnly bool        // only users are recorded whose logs are open
}

// conditionsNow are what viewers are told now.
func (h *Hub) conditionsNow() conditions {
	return conditions{fault: h.faultNow(), watchOnly: h.watchOnly.Load()}
}

// lookForWatchOnly asks whether only users are recorded whose logs are open, and tells viewers if that has changed. While nobody watches,
// nobody asks. So each viewer who comes has it asked, too: otherwise a page would be told for seconds what held hours ago.
func (h *Hub) lookForWatchOnly(ctx context.Context) {
	if watchOnly := h.askForWatchOnly(ctx); h.watchOnly.Swap(watchOnly) != watchOnly {
		h.wakeAll()
	}
}

func (h *Hub) askForWatchOnly(ctx context.Context) bool {
	return h.options.WatchOnly != nil && h.options.WatchOnly(ctx)
}
