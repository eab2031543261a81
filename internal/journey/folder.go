package journey

import (
	"slices"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// Limits and thresholds of folding.
const (
	MaxSteps     = 500 // steps that a Folder remembers unless it is told otherwise
	MaxParts     = 50  // different parts of one step; further ones are counted
	MaxRedirects = 20  // in one step; browsers give up there

	RedirectWindow = 10 * time.Second // a browser follows a redirect within that time
	AttachWindow   = 10 * time.Minute // a part that does not say who asked belongs to a page that was busy within that time
	clockSkew      = time.Second      // between the hosts that record

	MinInterval       = time.Second     // the shortest interval of a poll
	MinChangeInterval = 5 * time.Second // the shortest interval of changes that a script sends by itself
)

// Folder folds the entries of one user, as they come, into steps. It is not safe for concurrent
// use. Its memory is bounded: it forgets the oldest steps. Create it with [NewFolder] or [Fold].
type Folder struct {
	limit    int
	steps    []*Step
	browsers map[browserKey]*browser
	latest   map[string]*browser // by actor, the one that was used last; that of the user by ""
}

// NewFolder returns a Folder that remembers limit steps; 0 stands for [MaxSteps].
func NewFolder(limit int) *Folder {
	if limit <= 0 {
		limit = MaxSteps
	}
	return &Folder{limit: limit, browsers: make(map[browserKey]*browser), latest: make(map[string]*browser)}
}

// Fold folds entries of one user, the oldest first, and remembers all their steps. Entries that come
// later can be added to it, such as those of a live page that begins with what is there.
func Fold(entries []store.Entry) *Folder {
	f := NewFolder(max(len(entries), MaxSteps))
	for _, e := range entries {
		f.Add(e)
	}
	return f
}

// Change says which step an entry changed.
type Change struct {
	Step    *Step // it has the entry now
	New     bool  // the step begins with the entry
	Visited *Step // a step before it, which begins because the entry comes from there; nil = none
	Gap     *Step // a step before these, of requests that are missing; nil = none, or it is Step
}

// Steps are the steps that are remembered, the oldest first. Like a Change's Step, they belong to the Folder,
// and may change with the next Add.
func (f *Folder) Steps() []*Step { return f.steps }

// Add folds one more entry, which must not have been added before. Entries come in the order in
// which they were recorded, which is nearly the one in which responses were finished.
func (f *Folder) Add(e store.Entry) Change {
	gap := f.addGap(e)
	if e.OnlyGap() {
		return Change{Step: gap, New: true}
	}
	change := f.add(e)
	change.Gap = gap
	return change
}

// add is Add for what the entry itself says.
func (f *Folder) add(e store.Entry) Change {
	b := f.browserOf(&e)
	if s := b.follow(e); s != nil {
		return Change{Step: s}
	}
	if !IsStep(e) {
		return f.addPart(b, e)
	}
	var on *Step
	if changes(e) {
		if on = b.asker(e); on != nil && !e.Failed() && on.regularChanges(e) >= 3 {
			return on.attach(e)
		}
	}
	if s := b.complete(e); s != nil {
		return Change{Step: s}
	}
	visited := f.visited(b, e)
	if visited != nil && changes(e) {
		on = visited
	}
	s := f.begin(b, e)
	s.on = on
	b.lead(s, e)
	return Change{Step: s, New: true, Visited: visited}
}

// regularChanges counts a change that a script on this page sent. It returns how many intervals before it were alike.
func (s *Step) regularChanges(e store.Entry) int {
	const most = 16
	key := partKeyOf(e)
	r := s.changes[key]
	if r == nil {
		if len(s.changes) == most {
			return 0
		}
		if s.changes == nil {
			s.changes = make(map[partKey]*rhythm)
		}
		r = new(rhythm)
		s.changes[key] = r
	}
	return r.count(e.Time, MinChangeInterval)
}

// begin starts a step in a browser. The oldest step is forgotten for it.
func (f *Folder) begin(b *browser, e store.Entry) *Step {
	s := &Step{ID: e.ID, Entry: e, seen: e.Time, begins: f.beginning(b, &e)}
	f.keep(b, s)
	if !s.Ahead() {
		b.last = s
	}
	return s
}

// keep remembers a step of a browser.
func (f *Folder) keep(b *browser, s *Step) {
	b.steps++ // first, so that the browser is not forgotten with its oldest step
	if len(f.steps) >= f.limit {
		f.forgetOldest()
	}
	s.browser = b
	f.steps = append(f.steps, s)
}

// forgetOldest forgets a step, and a browser of which nothing else is remembered.
func (f *Folder) forgetOldest() {
	oldest := f.steps[0]
	f.steps = slices.Delete(f.steps, 0, 1)
	b := oldest.browser
	b.forget(oldest)
	if b.steps--; b.steps == 0 {
		delete(f.browsers, b.browserKey)
		if f.latest[b.actor] == b {
			delete(f.latest, b.actor)
		}
	}
}
