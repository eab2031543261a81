package live

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
)

// How much of what a user does is remembered while somebody watches.
const (
	// rememberedSteps can still be seen to change. What belongs to an older one appears as a step by itself.
	rememberedSteps = 100
	// rememberedEntries are, besides twice a log, more than any viewer can be behind with what it is shown.
	rememberedEntries = 2048
)

// trail is what one user does, folded once for all who watch her. It is there as long as somebody does.
type trail struct {
	viewers int // of the hub, under its lock
	limit   int // of ids

	begun  atomic.Bool // what was there already is folded
	mu     sync.Mutex
	begin  func() ([]store.Entry, error) // reads what is there already, newest first
	folder *journey.Folder
	steps  map[string]*journey.Step // to which entries belong, by their ids
	ids    []string                 // of steps, the oldest first
}

// newTrail returns the trail of a user whose log has so many entries at most.
func newTrail(maxEntries int, begin func() ([]store.Entry, error)) *trail {
	return &trail{
		limit: rememberedEntries + 2*maxEntries, begin: begin,
		folder: journey.NewFolder(rememberedSteps), steps: make(map[string]*journey.Step),
	}
}

// follow folds entries, the oldest first, unless another viewer had them before, and returns the steps to
// which they belong, in the order of the first entry of each. The caller holds mu as long as it uses them.
func (t *trail) follow(entries []*store.Entry) []*journey.Step {
	t.catchUp(entries)
	var changed []*journey.Step
	had := make(map[*journey.Step]bool, len(entries))
	old := t.old(entries)
	for i, e := range entries {
		step := t.steps[e.ID]
		switch {
		case step != nil:
		case i < old:
			step = &journey.Step{ID: e.ID, Entry: *e}
		default:
			step = t.add(e)
		}
		if !had[step] {
			had[step] = true
			changed = append(changed, step)
		}
	}
	return changed
}

// old returns how many entries are before the last that has been folded. Those of them that have not been can't be
// any more, after what is newer: each is a step by itself.
func (t *trail) old(entries []*store.Entry) int {
	for i, e := range slices.Backward(entries) {
		if t.steps[e.ID] != nil {
			return i
		}
	}
	return 0
}

// catchUp folds what was there before the first viewer came: a page that connects again, to another server
// perhaps, shows it already, and what comes now may belong to it. It is read after the viewer was given
// entries: those that it does not have any more are older than all that it has.
func (t *trail) catchUp(entries []*store.Entry) {
	if t.begun.Load() {
		return
	}
	defer t.begun.Store(true)
	past, err := t.begin()
	if err != nil {
		return // who watches is told of Redis by her subscription; for what is older than entries see old
	}
	there := make(map[string]bool, len(past))
	for _, e := range past {
		there[e.ID] = true
	}
	for _, e := range entries {
		if !there[e.ID] {
			t.add(e)
		}
	}
	for i := range slices.Backward(past) {
		t.add(&past[i])
	}
}

// add returns the step of an entry.
func (t *trail) add(e *store.Entry) *journey.Step {
	if step := t.steps[e.ID]; step != nil {
		return step
	}
	step := t.folder.Add(*e).Step
	if len(t.ids) == t.limit {
		delete(t.steps, t.ids[0])
		t.ids = t.ids[1:]
	}
	t.ids = append(t.ids, e.ID)
	t.steps[e.ID] = step
	return step
}

// enterTrail returns the trail of a user for one more viewer. The caller holds mu.
func (h *Hub) enterTrail(username string) *trail {
	t := h.trails[username]
	if t == nil {
		t = newTrail(h.logs.Options().MaxEntries, func() ([]store.Entry, error) {
			log, err := h.logs.Log(h.reading, username) // which has a time limit of its own, too
			return log.Entries, err
		})
		h.trails[username] = t
	}
	t.viewers++
	return t
}

// leaveTrail is called as often as enterTrail. The caller holds mu.
func (h *Hub) leaveTrail(username string) {
	t := h.trails[username]
	if t.viewers--; t.viewers == 0 {
		delete(h.trails, username)
	}
}
