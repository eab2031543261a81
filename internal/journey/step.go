package journey

import (
	"iter"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// Step is one thing that a person did, with all that the browser fetched for it.
type Step struct {
	// ID is the id of the first of its entries that arrived. It never changes. That of a page which had been loaded ahead is
	// made of the id of that request.
	ID string

	// Entry is the first request of the step. Of an implied page it has only Username, Actor, Path, Kind, Time, and Page
	// if that is known.
	Entry store.Entry

	// Implied says that the page is only known from requests that came from it.
	Implied bool

	// Redirects are the requests that Entry led to, one after the other; at most [MaxRedirects].
	Redirects []store.Entry

	// Parts are the requests that belong to the step, in the order of their first arrival; at most [MaxParts].
	Parts []Part

	// Omitted is the number of requests that are not in Parts because there were too many.
	Omitted int

	// Gap says how many requests are missing at this place. A step that has it stands for nothing else: of Entry it has only
	// ID, Username, Application, and, if that is known, the time when the last of them was finished. Other steps have no Gap.
	Gap *store.Gap

	// Problems is the number of requests among parts, and omitted ones, that failed.
	Problems int

	browser   *browser            // in which it happened; nil of a step that was not folded
	begins    Beginning           // why a visit begins with it, if it is no login
	page      bool                // it shows a page, or is about to
	on        *Step               // of a change that a script sent: the page, or nil
	addresses []string            // at which the page is or was, and by which the browser finds it
	awaiting  string              // the address to which a redirect leads that nothing has followed yet
	changes   map[partKey]*rhythm // of changes that a script on this page sent
	seen      time.Time           // when the newest of its requests was finished
	problem   store.Entry         // the newest failed fetch or fragment; the zero Entry if none
}

// Part is one request that a page made by itself, or several that differ at most in their queries.
type Part struct {
	Entry       store.Entry // the newest of them
	Count       int         // of all there were, also of those that are not remembered any more
	Poll        bool        // they come at regular intervals
	FailedInRow int         // how many failed in the same way since one like them succeeded

	partKey
	rhythm  rhythm
	failure failure   // the way in which FailedInRow failed
	since   time.Time // when the first of them did
	runs    []run     // of each process that recorded some of them
}

// partKey is the key by which requests are counted together.
type partKey struct {
	method, path string
	failed       bool
}

func partKeyOf(e store.Entry) partKey { return partKey{e.Method, withoutQuery(e.Path), e.Failed()} }

// Outcome is the last request of the step itself: Entry, or what it led to.
func (s *Step) Outcome() store.Entry { return *s.outcome() }

func (s *Step) outcome() *store.Entry {
	if n := len(s.Redirects); n > 0 {
		return &s.Redirects[n-1]
	}
	return &s.Entry
}

// Failed reports whether the step itself did not do what was asked for: see [store.Entry.Failed].
func (s *Step) Failed() bool { return s.failure() != nil }

// Result is the request that tells how the step ended: the last of its own requests that failed, or else its outcome.
// For example, a payment that was declined is one although the cart that it led to was shown.
func (s *Step) Result() store.Entry {
	if failed := s.failure(); failed != nil {
		return *failed
	}
	return s.Outcome()
}

// failure is the last of the step's own requests that failed, or nil.
func (s *Step) failure() *store.Entry {
	for i := len(s.Redirects) - 1; i >= 0; i-- {
		if s.Redirects[i].Failed() {
			return &s.Redirects[i]
		}
	}
	if s.Entry.Failed() {
		return &s.Entry
	}
	return nil
}

// requests are all of the step that are remembered: its own, and then its parts. Of parts that are counted together, the newest is.
func (s *Step) requests() iter.Seq[*store.Entry] {
	return func(yield func(*store.Entry) bool) {
		if !yield(&s.Entry) {
			return
		}
		for i := range s.Redirects {
			if !yield(&s.Redirects[i]) {
				return
			}
		}
		for i := range s.Parts {
			if !yield(&s.Parts[i].Entry) {
				return
			}
		}
	}
}

// Has reports whether an entry, named by its id, is in the step and is remembered.
func (s *Step) Has(id string) bool {
	if s.ID == id {
		return true
	}
	for e := range s.requests() {
		if e.ID == id {
			return true
		}
	}
	return false
}

// Ahead reports whether the browser only loaded the step ahead, in case it will be wanted.
func (s *Step) Ahead() bool { return s.Entry.Purpose() == store.KindPrefetch }

// Folded is the number of requests that were fetched for the step, besides Entry and Redirects.
func (s *Step) Folded() int {
	n := s.Omitted
	for i := range s.Parts {
		n += s.Parts[i].Count
	}
	return n
}

// Address is path and query of the page that the person sees after the step, "" if it shows none.
func (s *Step) Address() string {
	if !s.page || len(s.addresses) == 0 {
		return ""
	}
	return s.addresses[len(s.addresses)-1]
}

// name is what the application calls the page that the step shows, "" if it does not say.
func (s *Step) name() string {
	outcome := s.Outcome()
	if outcome.Path == s.Address() {
		return outcome.Page
	}
	return ""
}

// add counts a request among the parts. It reports whether there is room for it.
func (s *Step) add(e store.Entry) (kept bool) {
	s.see(e)
	if e.Failed() && active(e) {
		s.problem = e
	}
	key := partKeyOf(e)
	known := -1
	for i := range s.Parts {
		p := &s.Parts[i]
		switch {
		case p.partKey == key:
			known = i
		case p.method == key.method && p.path == key.path: // the failed ones, if this one succeeded
			p.FailedInRow = 0
		}
	}
	if known < 0 {
		if len(s.Parts) == MaxParts {
			s.Omitted++
			if key.failed {
				s.Problems++
			}
			return false
		}
		known = len(s.Parts)
		s.Parts = append(s.Parts, Part{partKey: key})
	}
	p := &s.Parts[known]
	times := p.times(e, s)
	p.Entry = e
	p.Count += times
	if p.failed {
		s.Problems += times
		if way := failureOf(&e); p.FailedInRow == 0 || p.failure != way {
			p.FailedInRow, p.failure, p.since = 0, way, e.Time
		}
		p.FailedInRow++
	}
	p.rhythm.spread(e.Time, times)
	if p.rhythm.count(e.Time, MinInterval) >= 2 && (active(e) || e.Kind == store.KindBeacon) {
		p.Poll = true
	}
	return true
}

// see notes when the step had something to do.
func (s *Step) see(e store.Entry) {
	if e.Time.After(s.seen) {
		s.seen = e.Time
	}
}

// rhythm notices requests that are repeated at regular intervals.
type rhythm struct {
	last    time.Time
	gap     time.Duration
	regular int // gaps in a row that are alike
}

// spread is called before count where requests came several times since the last one that was counted. It takes the gaps
// between them for equal, so that count sees one of these gaps.
func (r *rhythm) spread(at time.Time, times int) {
	if !r.last.IsZero() {
		r.last = at.Add(-at.Sub(r.last) / time.Duration(times))
	}
}

// count counts one more time, and returns how many intervals before it were alike, and at least as long as
// shortest.
func (r *rhythm) count(at time.Time, shortest time.Duration) (regular int) {
	gap := at.Sub(r.last)
	switch {
	case r.last.IsZero():
	case gap < shortest:
		r.regular = 0
	case r.regular > 0 && (gap-r.gap).Abs() > r.gap/4:
		r.regular = 1
	default:
		r.regular++
	}
	r.last, r.gap = at, gap
	return r.regular
}
