package live

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
)

// How much of a user's steps is remembered while somebody watches.
const (
	// rememberedSteps is how many steps can still change. A request that belongs to an older step appears as a step by itself.
	rememberedSteps = 100
	// rememberedEntries is of how many entries the steps are found again, besides twice a log. No viewer can be further behind.
	rememberedEntries = 2048
)

// errUnread says that nothing was folded, since the log could not be read as it was before.
var errUnread = errors.New("live: the log could not be read")

// sharedSteps are the steps of one user, folded once for all viewers of her log. They are kept as long as there are viewers.
type sharedSteps struct {
	viewers int // under the hub's lock
	limit   int // of ids

	begun  atomic.Bool // the log as the first viewer found it is folded
	mu     sync.Mutex
	read   func() ([]store.Entry, error) // reads the log, newest first
	folder *journey.Folder
	steps  map[string][]*journey.Step // that entries changed, by the entries' ids; the last one has the entry
	ids    []string                   // keys of steps, the oldest first
}

// newSharedSteps returns the shared steps of a user whose log has so many entries at most.
func newSharedSteps(maxEntries int, read func() ([]store.Entry, error)) *sharedSteps {
	return &sharedSteps{
		limit: rememberedEntries + 2*maxEntries, read: read,
	}
}

// begin makes the folder and the maps when the first entry comes. A user who does nothing needs none.
func (s *sharedSteps) begin() {
	if s.folder == nil {
		s.folder, s.steps = journey.NewFolder(rememberedSteps), make(map[string][]*journey.Step)
	}
}

// follow folds entries, the oldest first, unless another viewer had them before. It returns the steps to
// which they belong, in the order of the first entry of each. whole says that nothing is older than the entries. The caller holds
// mu while it uses the steps. The error wraps [errUnread].
func (s *sharedSteps) follow(entries []*store.Entry, whole bool) ([]*journey.Step, error) {
	s.begin()
	if err := s.foldPast(entries, whole); err != nil {
		return nil, err
	}
	var changed []*journey.Step
	had := make(map[*journey.Step]bool, len(entries))
	late := s.late(entries)
	for i, e := range entries {
		steps := s.steps[e.ID]
		switch {
		case steps != nil:
			steps = withOwnGap(steps, e)
		case i < late:
			steps = journey.Alone(*e, false)
		default:
			steps = s.add(e)
		}
		for _, step := range steps {
			if !had[step] {
				had[step] = true
				changed = append(changed, step)
			}
		}
	}
	return changed, nil
}

// withOwnGap adds, to the steps of an entry, a gap before it that only one viewer has. For example, a viewer was given the entries 1, 2
// and 3 of a log that keeps three. When 4 has come, another viewer is given 2, 3 and 4, and reads before 2 that one request is not kept.
func withOwnGap(steps []*journey.Step, e *store.Entry) []*journey.Step {
	if e.Gap == nil || e.Gap.NotKept == 0 {
		return steps
	}
	own := []*journey.Step{journey.GapBefore(*e)}
	for _, step := range steps {
		if step.Gap == nil {
			own = append(own, step)
		}
	}
	return own
}

// late returns how many entries stand before the last one that has been folded. Those among them that were not folded come too
// late, since newer ones have been folded: each of them becomes a step by itself.
func (s *sharedSteps) late(entries []*store.Entry) int {
	for i, e := range slices.Backward(entries) {
		if s.steps[e.ID] != nil {
			return i
		}
	}
	return 0
}

// foldPast folds the log as it was before the first viewer came, once. A page that connects again, perhaps to another
// server, shows those steps already. New entries may belong to them.
//
// The log is read after the first viewer was given entries, and may have lost some of them since. These are folded at the
// place that they have among the viewer's entries. For example, the viewer was given 1, 2 and 3, and the log now has 3 and
// 4. Then 1, 2, 3 and 4 are folded.
//
// Where the log can't be read, nothing is folded. Of the newest entries alone, what went wrong before would seem to be solved.
func (s *sharedSteps) foldPast(entries []*store.Entry, whole bool) error {
	if s.begun.Load() {
		return nil
	}
	past, err := s.read()
	if err != nil && !whole {
		return fmt.Errorf("%w: %w", errUnread, err)
	}
	defer s.begun.Store(true)
	there := make(map[string]int, len(past))
	for i, e := range past {
		there[e.ID] = i
	}
	next := len(past) - 1 // of past, newest first
	for _, e := range entries {
		if i, kept := there[e.ID]; kept {
			for ; next >= i; next-- {
				s.add(&past[next])
			}
			continue
		}
		s.add(e)
	}
	for ; next >= 0; next-- {
		s.add(&past[next])
	}
	return nil
}

// add returns the steps that an entry changed: its own, and before that a page of which only the entry tells.
func (s *sharedSteps) add(e *store.Entry) []*journey.Step {
	if steps := s.steps[e.ID]; steps != nil {
		return steps
	}
	change := s.folder.Add(*e)
	steps := make([]*journey.Step, 0, 3)
	for _, step := range []*journey.Step{change.Gap, change.Visited, change.Step} {
		if step != nil && !slices.Contains(steps, step) {
			steps = append(steps, step)
		}
	}
	if len(s.ids) == s.limit {
		delete(s.steps, s.ids[0])
		s.ids = s.ids[1:]
	}
	s.ids = append(s.ids, e.ID)
	s.steps[e.ID] = steps
	return steps
}

// joinSteps returns the shared steps of a user for one more viewer. The caller holds mu.
func (h *Hub) joinSteps(username string) *sharedSteps {
	steps := h.sharedSteps[username]
	if steps == nil {
		steps = newSharedSteps(h.logs.MaxEntries(), func() ([]store.Entry, error) { return h.logs.Entries(h.reading, username) })
		h.sharedSteps[username] = steps
	}
	steps.viewers++
	return steps
}

// leaveSteps is called as often as joinSteps. The caller holds mu.
func (h *Hub) leaveSteps(username string) {
	steps := h.sharedSteps[username]
	if steps.viewers--; steps.viewers == 0 {
		delete(h.sharedSteps, username)
	}
}
