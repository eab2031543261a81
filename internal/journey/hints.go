package journey

import (
	"net/http"
	"slices"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// HintKind says what is wrong. Its values are stable, since keys of texts are made of them.
type HintKind string

// The kinds of hints, and when they are given.
const (
	// HintFailures: since the last step that did not fail, SameFailures or more failed at the same address in the same way as
	// the last. Or as many requests of a script on the newest page did, without one like them that succeeded.
	HintFailures HintKind = "failures"

	// HintRepeated: the newest page was opened or reloaded RepeatedPage times or more within
	// RepeatWindow, at intervals that are not a clock's.
	HintRepeated HintKind = "repeated"

	// HintRedirects: in the last HintWindow, one address sent the browser on LoopTimes or more within
	// one step.
	HintRedirects HintKind = "redirects"

	// HintLogin: in the last HintWindow, and since the last login, what the person asked for led to
	// the login, or was refused (401 or 403) before the login was opened: see [store.IsLoginPath].
	HintLogin HintKind = "login"
)

// Thresholds of hints.
const (
	SameFailures = 3
	RepeatedPage = 4
	RepeatWindow = time.Minute
	LoopTimes    = 3
	HintWindow   = 5 * time.Minute // before the newest entry
	MaxEvidence  = 10              // entries of one hint
)

// Hint says that the person may be in trouble, and which entries show it.
type Hint struct {
	Kind    HintKind
	Since   time.Time     // when the first entry that shows it was finished
	Count   int           // how often it happened
	Entries []store.Entry // the newest MaxEvidence entries that show it, the oldest first
}

// show adds one more entry that shows a hint.
func (h *Hint) show(e store.Entry) {
	if h.Count == 0 || e.Time.Before(h.Since) {
		h.Since = e.Time
	}
	h.Count++
	if len(h.Entries) == MaxEvidence {
		h.Entries = slices.Delete(h.Entries, 0, 1)
	}
	h.Entries = append(h.Entries, e)
}

// Hints are the reasons to worry, at most one of each kind, in the order of the kinds above. Each is about one browser: what goes
// well on the laptop does not end what goes wrong on the phone.
func (f *Folder) Hints() []Hint {
	var found [4][]Hint // by kind, those of the browser that was used last first
	began := f.visits()
	for _, b := range f.used() {
		for kind, h := range f.hintsIn(b, began[b]) {
			if h.Count > 0 {
				found[kind] = append(found[kind], h)
			}
		}
	}
	var hints []Hint
	for _, of := range found {
		if len(of) > 0 {
			hints = append(hints, of[0])
		}
	}
	return hints
}

// hintsIn are the hints of each kind about a browser whose visit began then. Of a kind without reason the count is 0.
func (f *Folder) hintsIn(b *browser, began time.Time) [4]Hint {
	done, unbroken := f.done(b)
	if len(done) == 0 {
		return [4]Hint{}
	}
	recent := done
	for newest := done[len(done)-1].seen; newest.Sub(recent[0].seen) > HintWindow; {
		recent = recent[1:]
	}
	return [4]Hint{b.failures(unbroken, began), repeated(done), looped(recent), bounced(recent[max(0, len(recent)-len(unbroken)):])}
}

// done is what the user did in a browser by requests of its own: the steps without what was loaded ahead, and without
// pages that are only implied. Unbroken are those behind the last gap.
func (f *Folder) done(b *browser) (done, unbroken []*Step) {
	broken := 0
	for _, s := range f.steps {
		if s.Gap != nil {
			broken = len(done)
			continue
		}
		if s.browser == b && !s.Implied && IsStep(s.Entry) {
			done = append(done, s)
		}
	}
	return done, done[broken:]
}

// failures finds what failed again and again in the same way as the last time, behind the last success and in this visit.
// A number that was mistyped and a card that was declined are two things.
func (b *browser) failures(done []*Step, began time.Time) Hint {
	first := len(done)
	for first > 0 && done[first-1].Failed() && !done[first-1].Result().Time.Before(began) {
		first--
	}
	h := Hint{Kind: HintFailures}
	if first < len(done) {
		last := done[len(done)-1].Result()
		for _, s := range done[first:] {
			if e := s.Result(); failureOf(&e) == failureOf(&last) {
				h.show(e)
			}
		}
	}
	if h.Count >= SameFailures {
		return h
	}
	if b.current == nil {
		return Hint{}
	}
	for i := range b.current.Parts {
		if p := &b.current.Parts[i]; p.FailedInRow >= SameFailures && active(p.Entry) {
			return Hint{Kind: HintFailures, Since: p.since, Count: p.FailedInRow, Entries: []store.Entry{p.Entry}}
		}
	}
	return Hint{}
}

// repeated finds openings of the newest page. A page that a form leads to was not opened: adding five things to the cart
// is no trouble.
func repeated(done []*Step) Hint {
	newest := done[len(done)-1]
	if !newest.opens() {
		return Hint{}
	}
	var openings []*Step
	var clock rhythm
	regular := 0
	for _, s := range done {
		if s.Entry.Path == newest.Entry.Path && newest.Entry.Time.Sub(s.Entry.Time) <= RepeatWindow && s.opens() {
			openings = append(openings, s)
			regular = clock.count(s.Entry.Time, MinInterval)
		}
	}
	if len(openings) < RepeatedPage || regular >= len(openings)-1 {
		return Hint{}
	}
	h := Hint{Kind: HintRepeated}
	for _, s := range openings {
		h.show(s.Entry)
	}
	return h
}

// opens reports whether a page was opened or reloaded by the step.
func (s *Step) opens() bool {
	return s.Entry.Safe() && (s.page && showsPage(s.Entry) || asksForPage(s.Entry) && s.Entry.Ended == store.EndGaveUp)
}

// looped finds the newest redirects in circles.
func looped(recent []*Step) Hint {
	for _, s := range slices.Backward(recent) {
		if len(s.Redirects) < LoopTimes-1 {
			continue
		}
		chain := append([]store.Entry{s.Entry}, s.Redirects...)
		for _, e := range chain {
			h := Hint{Kind: HintRedirects}
			for _, again := range chain {
				if again.Path == e.Path && again.Redirects() {
					h.show(again)
				}
			}
			if h.Count >= LoopTimes {
				return h
			}
		}
	}
	return Hint{}
}

// bounced finds requests that led to the login, since the last login.
func bounced(recent []*Step) Hint {
	h := Hint{Kind: HintLogin}
	for i, s := range recent {
		switch {
		case s.logsIn():
			h = Hint{Kind: HintLogin}
		case s.endsAtLogin() && !s.isAboutLogin():
			h.show(s.Entry)
		case refused(s.Outcome()) && !s.isAboutLogin() && i+1 < len(recent) && store.IsLoginPath(recent[i+1].Entry.Path):
			h.show(s.Outcome())
		}
	}
	return h
}

// logsIn reports whether the step is a login that succeeded, as far as can be seen.
func (s *Step) logsIn() bool {
	if s.Entry.Safe() || s.Failed() || unanswered(s.Entry) || !store.IsLoginPath(s.Entry.Path) || s.endsAtLogin() {
		return false
	}
	// A form that comes back says why it was not accepted; a script would have been answered so.
	return s.Entry.Location != "" || s.Entry.Purpose() == store.KindFetch
}

// isAboutLogin reports whether the step itself asks for the login, or to be logged out.
func (s *Step) isAboutLogin() bool {
	return store.IsLoginPath(s.Entry.Path) || store.IsLogoutPath(s.Entry.Path)
}

// endsAtLogin reports whether the step led to the login.
func (s *Step) endsAtLogin() bool {
	last := s.Outcome()
	return store.IsLoginPath(last.Location) || len(s.Redirects) > 0 && store.IsLoginPath(last.Path)
}

// refused reports whether a request needs a login, or another one.
func refused(e store.Entry) bool {
	return e.Code == http.StatusUnauthorized || e.Code == http.StatusForbidden
}
