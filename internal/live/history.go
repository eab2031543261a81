package live

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
)

// How much of a user's steps is remembered while somebody watches.
const (
	// rememberedSteps can still change. What belongs to an older step appears as a step by itself.
	rememberedSteps = 100
	// rememberedEntries, and twice a log, are more than any viewer can be behind with what it is shown.
	rememberedEntries = 2048
)

// history is the steps of one user, folded once for all viewers of her log. It lives as long as there are viewers.
type history struct {
	viewers int // under the hub's lock
	limit   int // of ids

	begun  atomic.Bool // the log as the first viewer found it is folded
	mu     sync.Mutex
	read   func() ([]store.Entry, error) // reads the log, newest first
	folder *journey.Folder
	steps  map[string][]*journey.Step // that entries changed, by the entries' ids; the last one has the entry
	ids    []string                   // keys of steps, the oldest first
}

// newHistory returns the history of a user whose log has so many entries at most.
func newHistory(maxEntries int, read func() ([]store.Entry, error)) *history {
	return &history{
		limit: rememberedEntries + 2*maxEntries, read: read,
		folder: journey.NewFolder(rememberedSteps), steps: make(map[string][]*journey.Step),
	}
}

// follow folds entries, the oldest first, unless another viewer had them before. It returns the steps to
// which they belong, in the order of the first entry of each. The caller holds mu while it uses the steps.
func (h *history) follow(entries []*store.Entry) []*journey.Step {
	h.catchUp(entries)
	var changed []*journey.Step
	had := make(map[*journey.Step]bool, len(entries))
	late := h.late(entries)
	for i, e := range entries {
		steps := h.steps[e.ID]
		switch {
		case steps != nil:
		case i < late:
			steps = []*journey.Step{{ID: e.ID, Entry: *e}}
		default:
			steps = h.add(e)
		}
		for _, step := range steps {
			if !had[step] {
				had[step] = true
				changed = append(changed, step)
			}
		}
	}
	return changed
}

// late returns how many entries are before the last that has been folded. Those of them that were not folded
// can't be any more, after newer ones: each is a step by itself.
func (h *history) late(entries []*store.Entry) int {
	for i, e := range slices.Backward(entries) {
		if h.steps[e.ID] != nil {
			return i
		}
	}
	return 0
}

// catchUp folds the log as it was before the first viewer came. A page that connects again, perhaps to another
// server, shows it already, and what comes now may belong to it.
//
// The log is read after the viewer was given entries. What it has lost meanwhile is folded where the viewer has it.
func (h *history) catchUp(entries []*store.Entry) {
	if h.begun.Load() {
		return
	}
	defer h.begun.Store(true)
	past, err := h.read()
	if err != nil {
		return // the subscription tells the viewer about Redis; for older entries see late
	}
	there := make(map[string]int, len(past))
	for i, e := range past {
		there[e.ID] = i
	}
	next := len(past) - 1 // of past, newest first
	for _, e := range entries {
		if i, kept := there[e.ID]; kept {
			for ; next >= i; next-- {
				h.add(&past[next])
			}
			continue
		}
		h.add(e)
	}
	for ; next >= 0; next-- {
		h.add(&past[next])
	}
}

// add returns the steps that an entry changed: its own, and before that a page of which only the entry tells.
func (h *history) add(e *store.Entry) []*journey.Step {
	if steps := h.steps[e.ID]; steps != nil {
		return steps
	}
	change := h.folder.Add(*e)
	steps := []*journey.Step{change.Step}
	if change.Visited != nil {
		steps = []*journey.Step{change.Visited, change.Step}
	}
	if len(h.ids) == h.limit {
		delete(h.steps, h.ids[0])
		h.ids = h.ids[1:]
	}
	h.ids = append(h.ids, e.ID)
	h.steps[e.ID] = steps
	return steps
}

// enterHistory returns the history of a user for one more viewer. The caller holds mu.
func (h *Hub) enterHistory(username string) *history {
	steps := h.histories[username]
	if steps == nil {
		steps = newHistory(h.logs.MaxEntries(), func() ([]store.Entry, error) { return h.logs.Entries(h.reading, username) })
		h.histories[username] = steps
	}
	steps.viewers++
	return steps
}

// leaveHistory is called as often as enterHistory. The caller holds mu.
func (h *Hub) leaveHistory(username string) {
	steps := h.histories[username]
	if steps.viewers--; steps.viewers == 0 {
		delete(h.histories, username)
	}
}
