package journey

import (
	"slices"
	"strings"

	"github.com/gin-userlog/userlog/store"
)

// The values of [Filter.Show]. They are part of the pages' addresses, and never change.
const (
	ShowAll     = ""        // everything
	ShowPages   = "pages"   // steps that only read
	ShowChanges = "changes" // forms that were sent, and changes by scripts
	ShowErrors  = "errors"  // steps that failed, or of which a part failed
)

// Filter chooses steps or entries. The zero Filter chooses all.
type Filter struct {
	Show string // one of the constants above; anything else is ShowAll
	Text string // a part of the address or of the page's name, case ignored; "" = anything

	Device string // the key of a browser ([Device.Key]); "" = any
}

// Active reports whether the filter leaves anything out.
func (f Filter) Active() bool {
	return f.Text != "" || f.Device != "" || f.Show == ShowPages || f.Show == ShowChanges || f.Show == ShowErrors
}

// Matches reports whether the filter chooses a step, by itself or by one of its parts. It chooses each gap, since what is
// missing there is not known.
func (f Filter) Matches(s *Step) bool {
	if s.Gap != nil {
		return true
	}
	if !f.shows(s) || f.Device != "" && s.Device().Key() != f.Device {
		return false
	}
	return f.contains(s.Entry) || slices.ContainsFunc(s.Redirects, f.contains) ||
		slices.ContainsFunc(s.Parts, func(p Part) bool { return f.contains(p.Entry) })
}

// shows reports whether the filter shows steps of this sort. An implied page has no method, and is a page all the same.
func (f Filter) shows(s *Step) bool {
	reads := s.Implied || s.Entry.Safe()
	switch f.Show {
	case ShowErrors:
		return s.Failed() || s.Problems > 0
	case ShowPages:
		return reads
	case ShowChanges:
		return !reads
	}
	return true
}

// MatchesEntry reports whether the filter chooses one request by itself.
func (f Filter) MatchesEntry(e store.Entry) bool {
	if f.Device != "" && deviceOf(&e).Key() != f.Device {
		return false
	}
	switch f.Show {
	case ShowErrors:
		return e.Failed() && f.contains(e)
	case ShowPages:
		return e.Safe() && IsStep(e) && f.contains(e)
	case ShowChanges:
		return !e.Safe() && e.Purpose() != store.KindCheck && f.contains(e)
	}
	return f.contains(e)
}

func (f Filter) contains(e store.Entry) bool {
	if f.Text == "" {
		return true
	}
	text := strings.ToLower(f.Text)
	return strings.Contains(strings.ToLower(e.Path), text) || strings.Contains(strings.ToLower(e.Page), text)
}
