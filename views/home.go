package views

import (
	"slices"
	"time"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
)

// TroubleFor is for how long a request that failed puts its user on the list of those in trouble: as
// long as it takes to be gone from the site.
const TroubleFor = IdleFor

// Home is the first page: search, who is on the site, who is in trouble, and which applications report.
type Home struct {
	Layout
	Users        []store.Seen              // newest first
	Troubled     []store.Trouble           // newest first; those older than [TroubleFor] are not shown
	Hints        map[string][]journey.Hint // by username, of any of them; those older than [TroubleFor] are not shown
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
	Base     string // of the links
}

// here tells whether the user is still on the site.
func (s seen) here() bool { return s.Presence != gone }

func seenAt(base string, users []store.Seen, now time.Time) []seen {
	shown := make([]seen, len(users))
	for i, user := range users {
		shown[i] = seen{user, momentOf(user.At), presenceOf(user.At, now), base}
	}
	return shown
}

// Seen are those of Users who are on the site, as the page shows them.
func (p Home) Seen() []seen {
	return slices.DeleteFunc(seenAt(p.Base, p.Users, p.now()), func(s seen) bool { return !s.here() })
}

// Earlier are those who were.
func (p Home) Earlier() []seen { return slices.DeleteFunc(seenAt(p.Base, p.Users, p.now()), seen.here) }

// TroubleMinutes is [TroubleFor] in minutes.
func (p Home) TroubleMinutes() int { return int(TroubleFor / time.Minute) }
