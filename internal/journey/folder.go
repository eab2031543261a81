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

	RedirectWindow = 10 * time.Second // in which a browser follows a redirect
	AttachWindow   = 10 * time.Minute // in which a page asks for something without saying so
	clockSkew      = time.Second      // between the hosts that record

	MinInterval       = time.Second     // shorter ones are not those of polls
	MinChangeInterval = 5 * time.Second // nor those of changes that a script sends by itself
)

// Folder folds the entries of one user, as they come, into steps. It is not safe for concurrent
// use. Its memory is bounded: it forgets the oldest steps. Create it with [NewFolder] or [Fold].
type Folder struct {
	limit   int
	steps   []*Step
	current *Step             // the newest that shows a page, or nil
	pages   index             // by address
	paths   index             // by address without query
	parts   index             // of which a style, a frame ... is a part, by its path without query
	awaited index             // whose redirect leads to an address
	ahead   map[string]string // what is loaded ahead is called so, by address
}

// index finds the newest step.
type index map[string]*Step

// drop forgets that a key leads to s.
func (i index) drop(key string, s *Step) {
	if i[key] == s {
		delete(i, key)
	}
}

// NewFolder returns a Folder that remembers limit steps; 0 stands for [MaxSteps].
func NewFolder(limit int) *Folder {
	if limit <= 0 {
		limit = MaxSteps
	}
	return &Folder{
		limit: limit, pages: make(index), paths: make(index), parts: make(index), awaited: make(index),
		ahead: make(map[string]string),
	}
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

// Change is what an entry changed.
type Change struct {
	Step *Step // which now has the entry
	New  bool  // the step begins with it
}

// Steps are what is remembered, the oldest first. Like a Change's Step, they belong to the Folder,
// and may change with the next Add.
func (f *Folder) Steps() []*Step { return f.steps }

// Add folds one more entry, which must not have been added before. Entries come in the order in
// which they were recorded, which is nearly the one in which responses were finished.
func (f *Folder) Add(e store.Entry) Change {
	if s := f.follow(e); s != nil {
		return Change{Step: s}
	}
	if !IsStep(e) {
		return f.addPart(e)
	}
	var on *Step
	if changes(e) {
		if on = f.asker(e); on != nil && !e.Failed() && on.beat(e) >= 3 {
			return f.attach(on, e)
		}
	}
	if s := f.complete(e); s != nil {
		return Change{Step: s}
	}
	s := f.begin(e)
	s.on = on
	f.lead(s, e)
	return Change{Step: s, New: true}
}

// beat returns how many intervals before a change were alike that a script on this page sent.
func (s *Step) beat(e store.Entry) int {
	const most = 16
	key := partOf(e)
	r := s.beats[key]
	if r == nil {
		if len(s.beats) == most {
			return 0
		}
		if s.beats == nil {
			s.beats = make(map[part]*rhythm)
		}
		r = new(rhythm)
		s.beats[key] = r
	}
	return r.beat(e.Time, MinChangeInterval)
}

// follow adds an entry to the step whose redirect it follows, if there is one.
func (f *Folder) follow(e store.Entry) *Step {
	s := f.awaited[e.Path]
	if s == nil || !follows(s.Outcome(), e) {
		return nil
	}
	f.stopAwaiting(s)
	s.Redirects = append(s.Redirects, e)
	f.lead(s, e)
	return s
}

// follows reports whether e, which is at the address where r leads, is what the browser asked for
// because of r.
func follows(r, e store.Entry) bool {
	if wait := started(e).Sub(r.Time); wait > RedirectWindow || wait < -clockSkew {
		return false
	}
	from, to := r.Purpose(), e.Purpose()
	if r.Redirects() && from != store.KindUnknown {
		return to == from
	}
	return IsStep(e) || to == store.KindFragment
}

// started is when a request came in.
func started(e store.Entry) time.Time { return e.Time.Add(-e.Duration) }

// complete adds an entry to a step that began without it, because what came of it arrived first.
func (f *Folder) complete(e store.Entry) *Step {
	if s := f.pages[e.Path]; s != nil && s.Implied && showsPage(e) && !e.Redirects() && !s.Entry.Time.Before(started(e)) {
		s.Entry, s.Implied = e, false
		f.lead(s, e)
		return s
	}
	s := f.pages[e.Location]
	if e.Location == "" || s == nil || s.Implied || len(s.Redirects) > 0 || s.Entry.Path != e.Location ||
		started(s.Entry).Before(e.Time) || !follows(e, s.Entry) {
		return nil
	}
	s.Entry, s.Redirects = e, []store.Entry{s.Entry}
	return s
}

// begin starts a step. What is forgotten for it is the oldest.
func (f *Folder) begin(e store.Entry) *Step {
	if len(f.steps) >= f.limit {
		f.forget(f.steps[0])
		f.steps = slices.Delete(f.steps, 0, 1)
	}
	s := &Step{ID: e.ID, Entry: e, seen: e.Time}
	f.steps = append(f.steps, s)
	return s
}

// lead notes where the browser is, or is going, after e, the latest request of s itself.
func (f *Folder) lead(s *Step, e store.Entry) {
	s.see(e)
	if e.Location != "" && len(s.Redirects) < MaxRedirects {
		f.awaited[e.Location], s.awaiting = s, e.Location
	}
	switch {
	case e.Location != "" && (showsPage(e) || !e.Redirects()):
		f.show(s, e.Location)
	case showsPage(e):
		f.show(s, e.Path)
	}
}

// show notes that a step shows the page at an address.
func (f *Folder) show(s *Step, address string) {
	if s.Address() != address {
		s.addresses = append(s.addresses, address)
	}
	f.pages[address], f.paths[withoutQuery(address)] = s, s
	s.page = true
	f.current = s
}

func (f *Folder) stopAwaiting(s *Step) {
	f.awaited.drop(s.awaiting, s)
	s.awaiting = ""
}

// forget removes a step from what is looked up.
func (f *Folder) forget(s *Step) {
	f.stopAwaiting(s)
	for _, address := range s.addresses {
		f.pages.drop(address, s)
		f.paths.drop(withoutQuery(address), s)
	}
	for i := range s.Parts {
		f.parts.drop(s.Parts[i].path, s)
	}
	if f.current == s {
		f.current = nil
	}
}
