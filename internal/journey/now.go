package journey

import (
	"cmp"
	"slices"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// ActiveFor is for how long after the last request somebody is active now, wherever that is said.
const ActiveFor = 10 * time.Second

// Now is where the person is, and how it goes.
type Now struct {
	Page    string        // what the application calls the page; "" if it does not say
	Path    string        // path and query of the page; "" if none is known
	Since   time.Time     // when the last thing that the person did was finished; zero if there is none
	Idle    time.Duration // from then until now
	Devices []At          // where the person is in each browser, the last used first; nil where one is used
	Became  string        // as whom a visitor has logged in, whose log goes on there; "" if it has not
	Problem *Problem      // the last one of this visit: one that is not solved, if there is one; nil if there is none
}

// Now tells where the person is at a time. Pages that are loaded ahead do not count, nor do polls: they are no sign that
// somebody is there. Fetches and fragments count on the newest page only, since older pages may go on in the
// background. Problems are those of steps, fetches and fragments. A missing image is on the row of its step, but is
// nothing to talk about first. Steps of an actor do not count, since they do not tell where the user is.
func (f *Folder) Now(at time.Time) Now {
	var n Now
	var here *Step
	for _, s := range slices.Backward(f.steps) {
		if s.Entry.Actor != "" || s.Ahead() || s.passive() {
			continue
		}
		if s.Gap != nil {
			n.Since = later(n.Since, s.Entry.Time)
			continue
		}
		n.Became = cmp.Or(n.Became, s.Entry.Became)
		if n.Path == "" {
			n.Page, n.Path, here = s.place()
		}
		n.Since = later(n.Since, s.Outcome().Time)
	}
	if here != nil {
		n.Since = later(n.Since, here.busy())
	}
	if !n.Since.IsZero() {
		n.Idle = max(0, at.Sub(n.Since))
	}
	n.Devices, n.Problem = f.devices(), f.problem()
	return n
}

// place is where the person is after the step: name and address of the page, as far as they are
// known, and the step that shows it.
func (s *Step) place() (name, address string, page *Step) {
	switch {
	case s.page:
		return s.name(), s.Address(), s
	case s.on != nil:
		return s.on.name(), s.on.Address(), s.on
	case changes(s.Entry):
		return "", s.Entry.From, nil
	}
	return "", "", nil
}

// passive reports whether a step is only a page in another tab that goes on by itself.
func (s *Step) passive() bool {
	if !s.Implied || len(s.Parts) == 0 { // without parts, it was left by a click
		return false
	}
	for i := range s.Parts {
		p := &s.Parts[i]
		if kind := p.Entry.Purpose(); !p.Poll && kind != store.KindBeacon && kind != store.KindSocket {
			return false
		}
	}
	return true
}

// busy is when the page last sent a request that the person may have caused.
func (s *Step) busy() time.Time {
	var last time.Time
	for i := range s.Parts {
		if p := &s.Parts[i]; !p.Poll && active(p.Entry) {
			last = later(last, p.Entry.Time)
		}
	}
	return last
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
