package journey

import (
	"time"

	"github.com/gin-userlog/userlog/store"
)

// VisitSilence is how long nothing is done between two visits.
const VisitSilence = 30 * time.Minute

// Beginning is why a visit begins. Its values are stable, since keys of texts are made of them.
type Beginning string

// The beginnings of visits. "" is that of a step which goes on with a visit, or of which nothing before is known.
const (
	BeginsWithLogin    Beginning = "login"   // the step is a login that succeeded
	BeginsAfterSilence Beginning = "silence" // nothing was done in this browser for VisitSilence
	BeginsElsewhere    Beginning = "device"  // it is the first step in another browser
)

// Ending is how a session ends. Its values are stable, as those of [Beginning].
type Ending string

// The endings of sessions. "" is that of a step which ends none.
const (
	EndsWithLogout Ending = "logout"        // the step is a logout
	EndsAtLogin    Ending = "sent-to-login" // the user asked for something else, and got the login
)

// Begins says whether a visit begins with the step, and why.
func (s *Step) Begins() Beginning {
	if s.Gap == nil && s.logsIn() {
		return BeginsWithLogin
	}
	return s.begins
}

// Ends says whether the session ended with the step, and how.
func (s *Step) Ends() Ending {
	switch {
	case s.Gap != nil || s.Implied || unanswered(s.Entry):
		return ""
	case s.endsAtLogin() && !s.isAboutLogin():
		return EndsAtLogin
	case store.IsLogoutPath(s.Entry.Path) && !s.Failed() && (!s.Entry.Safe() || s.Entry.Location != ""):
		return EndsWithLogout
	}
	return ""
}

// beginning is why a visit begins with an entry that is going to be the newest step of a browser.
func (f *Folder) beginning(b *browser, e *store.Entry) Beginning {
	switch {
	case e.Purpose() == store.KindPrefetch:
		return ""
	case b.last == nil && b.actor == "" && len(f.browsers) > 1:
		for other := range f.browsers {
			if other.actor == "" && other != b.browserKey {
				return BeginsElsewhere
			}
		}
		return ""
	case b.last == nil || started(*e).Sub(b.last.outcome().Time) < VisitSilence:
		return ""
	}
	for _, s := range f.steps {
		if s.browser == b && started(*e).Sub(later(s.outcome().Time, s.busy())) < VisitSilence {
			return ""
		}
	}
	return BeginsAfterSilence
}

// visits are when the last visit in each browser of the user began; zero where it began before all that is remembered. A visit
// is over when the user has done something elsewhere for VisitSilence.
func (f *Folder) visits() map[*browser]time.Time {
	began, last := make(map[*browser]time.Time), make(map[*browser]time.Time)
	var newest time.Time
	for _, s := range f.steps {
		if s.Entry.Actor != "" || s.Ahead() || s.passive() {
			continue
		}
		b := s.browser
		if at := last[b]; !at.IsZero() && s.Entry.Time.Sub(at) >= VisitSilence {
			began[b] = s.Entry.Time
		}
		if s.logsIn() {
			began[b] = s.Outcome().Time
		}
		last[b] = later(later(last[b], s.Outcome().Time), s.busy())
		newest = later(newest, last[b])
	}
	for b, at := range last {
		if newest.Sub(at) >= VisitSilence {
			began[b] = newest
		}
	}
	return began
}
