package live

import (
	"cmp"
	"context"

	"github.com/gin-userlog/userlog/store"
)

// conditions are what viewers are told besides entries.
type conditions struct {
	fault     store.Fault // what is wrong with Redis, "" for nothing
	watchOnly bool        // only users are recorded whose logs are open
}

// conditionsNow are what viewers of the log are told now.
func (a *audience) conditionsNow() conditions {
	return conditions{fault: cmp.Or(a.hub.faultNow(), a.refused()), watchOnly: a.hub.watchOnly.Load()}
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
