package views

import (
	"strconv"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// TroubleFor is for how long a request that failed puts its user on the list of those in trouble: as
// long as it takes to be gone from the site.
const TroubleFor = IdleFor

// Home is the first page: search, who is on the site, who is in trouble, and which applications report.
type Home struct {
	Layout
	Users        []store.Seen    // newest first
	Troubled     []store.Trouble // newest first; those older than [TroubleFor] are not shown
	Applications []store.Application
	Now          time.Time // by which it is told who is there; zero = when it is rendered
	ETag         string    // of the lists, with its quotes; the refresh sends it as If-None-Match. "" = none
	Refresh      int       // seconds between two refreshes; 0 = the page does not refresh itself
	Message      *Message
}

// Home renders the first page.
func (s *Set) Home(p Home) ([]byte, error) { return s.page("home", p.Lang, p) }

// HomeLists renders the part of the first page that refreshes itself. It is the very template that
// [Set.Home] includes.
func (s *Set) HomeLists(p Home) ([]byte, error) { return s.part("home-lists", p.Lang, p) }

// Search is the page's search field, empty.
func (p Home) Search() search { return search{Base: p.Base} }

// State is what the page says about its refreshes before the first.
func (p Home) State() ConnectionState { return ConnectionRefreshing }

func (p Home) now() time.Time {
	if p.Now.IsZero() {
		return time.Now()
	}
	return p.Now
}

// seen is a user as lists show them.
type seen struct {
	store.Seen
	moment
	Presence presence
}

func seenAt(users []store.Seen, now time.Time) []seen {
	shown := make([]seen, len(users))
	for i, user := range users {
		shown[i] = seen{user, momentOf(user.At), presenceOf(user.At, now)}
	}
	return shown
}

// Seen is Users as the page shows them.
func (p Home) Seen() []seen { return seenAt(p.Users, p.now()) }

// trouble is a user whose request failed, as the page shows them.
type trouble struct {
	store.Trouble
	moment
}

// InTrouble is Troubled as the page shows them.
func (p Home) InTrouble() []trouble {
	var shown []trouble
	for _, t := range p.Troubled {
		if p.now().Sub(t.At) < TroubleFor {
			shown = append(shown, trouble{t, momentOf(t.At)})
		}
	}
	return shown
}

// TroubleMinutes is [TroubleFor] in minutes.
func (p Home) TroubleMinutes() int { return int(TroubleFor / time.Minute) }

// Status is the status code as people quote it: without a separator, in any language.
func (t trouble) Status() string { return strconv.Itoa(t.Code) }

// Serious tells whether it is the application's fault.
func (t trouble) Serious() bool { return t.Code >= 500 }

// Key is the catalogue's key for what went wrong.
func (t trouble) Key() string {
	switch {
	case t.Code >= 500:
		return "trouble.error"
	case t.Code == 401 || t.Code == 403:
		return "trouble.not-allowed"
	case t.Code == 404 || t.Code == 410:
		return "trouble.not-found"
	}
	return "trouble.rejected"
}

// troubleKeys is every key that a trouble may have, for the check that the catalogues are complete.
func troubleKeys() []string {
	var keys []string
	for _, code := range []int{403, 404, 422, 500} {
		keys = append(keys, trouble{Trouble: store.Trouble{Code: code}}.Key())
	}
	return keys
}
