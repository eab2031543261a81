package views

import (
	"slices"
	"time"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/internal/team"
	"github.com/gin-userlog/userlog/store"
)

// TroubleFor is for how long a request that failed puts its user on the list of those in trouble: as
// long as it takes a user to be gone from the site.
const TroubleFor = idleFor

// MaxTroubled is how many of those in trouble the first page shows, the worst, unless all are asked for.
const MaxTroubled = 10

// Home is the first page: search, who is on the site, who is in trouble, and which applications report.
type Home struct {
	Layout
	Users        []store.Seen               // newest first
	Troubled     []store.Trouble            // newest first; those older than [TroubleFor] are not shown
	Hints        map[string][]journey.Hint  // by username, for users of either list; hints older than [TroubleFor] are not shown
	Problems     map[string]journey.Problem // by username, the last problem of users of either list
	Past         map[string]time.Time       // by username, when a request last failed in a visit that is over; such trouble is not shown
	People       People                     // what the directory says of the users
	Handlings    map[string]team.Handling   // by username, which agent takes care of the user, as it holds now
	Applications []store.Application
	Everybody    bool      // all who are in trouble are shown, not only the [MaxTroubled] worst
	TroubleCut   bool      // there may be more in trouble than Troubled has
	Partial      bool      // a part of the log store can't be reached, so that users or applications may be missing
	At           time.Time // users are active, idle or in trouble at this time; zero = when the page is rendered
	ETag         string    // of the lists, with its quotes; the refresh sends it as If-None-Match. "" = none
	Refresh      int       // seconds between two refreshes; 0 = the page does not refresh itself
	Message      *Message
	Fault        store.Fault // what is wrong with Redis, where it can be read all the same
	Feed         store.State // [store.Silent] or [store.Off] where nothing new can arrive
	WatchOnly    bool        // only users are recorded whose logs are open
}

// Home renders the first page.
func (s *Set) Home(p Home) ([]byte, error) { return s.page("home", p.Lang, newHomePage(p)) }

// HomeLists renders the part of the first page that refreshes itself. It is the very template that
// [Set.Home] includes.
func (s *Set) HomeLists(p Home) ([]byte, error) { return s.part("home-lists", p.Lang, newHomePage(p)) }

// homePage is Home as its template reads it.
type homePage struct{ Home }

func newHomePage(p Home) homePage {
	p.At = orNow(p.At)
	return homePage{p}
}

// Connection is the state of the page's connection: it refreshes itself, or why nothing new can arrive.
func (p Home) Connection() string { return string(stateOf(p.Feed, p.Fault, refreshing)) }

// Complete reports whether the lists have all that there is, so that nobody is there who is not on them.
func (p homePage) Complete() bool { return !p.Partial && p.arrives() }

// arrives reports whether new requests can arrive. Otherwise nobody knows who is active or idle.
func (p homePage) arrives() bool { return p.Connection() == string(refreshing) }

// Warning says why nothing new can arrive; nil for nothing.
func (p homePage) Warning() *Message {
	switch {
	case p.Fault != "":
		return StoreFault(p.Fault)
	case p.Feed == store.Silent:
		return nobodyHasReported()
	case p.Feed == store.Off:
		return RecordingOff()
	}
	return nil
}

// HomeURL is the page's own address.
func (p homePage) HomeURL() string {
	if p.Everybody {
		return p.AllURL()
	}
	return p.Base + "/"
}

// AllURL is the address at which all are shown who are in trouble.
func (p homePage) AllURL() string { return p.Base + "/?all=1" }

// seen is a user as lists show them.
type seen struct {
	store.Seen
	moment
	Presence presence
	Name     string // by the host's directory; "" where it says none
	Detail   string
	Base     string    // of the links
	Handled  *handling // who takes care of the user; nil = nobody, or nothing is said of that
	Unheard  bool      // nothing new can arrive, so that nobody knows whether the user is active or idle
}

// here tells whether the user is still on the site.
func (s seen) here() bool { return s.Presence == active || s.Presence == idle }

func seenAt(base string, users []store.Seen, people People, now time.Time) []seen {
	shown := make([]seen, len(users))
	for i, user := range users {
		known := people.of(user.Username)
		shown[i] = seen{user, momentOf(user.At), presenceOf(user.At, now), known.Name, known.Detail, base, nil, false}
	}
	return shown
}

// Seen are the users who are on the site, as the page shows them.
func (p homePage) Seen() []seen {
	return slices.DeleteFunc(p.seen(), func(s seen) bool { return !s.here() })
}

// Earlier are the users who were on the site.
func (p homePage) Earlier() []seen {
	return slices.DeleteFunc(p.seen(), seen.here)
}

// seen are the users who were seen last.
func (p homePage) seen() []seen {
	users := seenAt(p.Base, p.Users, p.People, p.At)
	for i := range users {
		users[i].Handled, users[i].Unheard = p.handled(users[i].Username), !p.arrives()
	}
	return users
}

// handled is who takes care of a user.
func (p homePage) handled(username string) *handling {
	return newHandling(p.Handlings[username], p.Account)
}

// TroubleMinutes is [TroubleFor] in minutes.
func (p homePage) TroubleMinutes() int { return int(TroubleFor / time.Minute) }
