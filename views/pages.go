package views

import (
	"slices"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
)

// Sections of the admin, as [Layout.Section] names them.
const (
	SectionHome     = "home"
	SectionStatic   = "static"
	SectionLive     = "live"
	SectionEveryone = "everyone"
	SectionAudit    = "audit"
	SectionAccounts = "accounts"
	SectionAccount  = "account"
)

// Layout is what every page has, whatever it is about.
type Layout struct {
	Lang              string // tag of one of [Set.Languages]; anything else is shown in English
	Base              string // base path of the admin without trailing slash: "" or "/userlog"
	Theme             string // one of [Themes]; anything else is as the reader's system has it
	Current           string // path and query of this page, where a switch leads back to; "" = it can't be come back to, and has no switches
	Account           string // who is logged in; "" = nobody, and no navigation is shown
	IsSuperuser       bool   // shows what only superusers may open
	CanLogOut         bool   // false where the host application owns the login
	CanSwitchLanguage bool   // false where the language is pinned
	Section           string // which link of the navigation is the current one, or ""
}

// Themes are the looks that a reader can choose, besides that of the system.
func Themes() []string { return []string{"light", "dark"} }

// ColorScheme is the theme as browsers call it.
func (l Layout) ColorScheme() string {
	if slices.Contains(Themes(), l.Theme) {
		return l.Theme
	}
	return "light dark"
}

// Looks are the themes to choose from.
func (l Layout) Looks() []option {
	looks := []option{{"", "theme.system", l.ColorScheme() == "light dark"}}
	for _, theme := range Themes() {
		looks = append(looks, option{theme, "theme." + theme, l.Theme == theme})
	}
	return looks
}

// Login is the form that asks for name and password.
type Login struct {
	Layout
	Username string   // what was typed before, after a failed attempt
	Next     string   // path to return to after the login; the handler has checked it
	Message  *Message // nil = none
}

// Log is the static page of one user.
type Log struct {
	Layout
	Username string      // "" = nothing was searched yet: only the form is shown
	Reason   *ReasonLeft // nil where none has to be stated
	Message  *Message
	Reading
	Entries []store.Entry // newest first
	At      time.Time     // the server's clock; zero = when it is rendered
	ETag    string        // of this content, with its quotes; the refresh sends it as If-None-Match. "" = none
	Refresh int           // seconds between two refreshes; 0 = the page does not refresh itself

	links Links           // of the set that renders it
	steps *journey.Folder // the entries, folded once
}

// Live is the page that shows requests as they happen, of one user or of everyone.
type Live struct {
	Layout
	Username  string // "" on the page of everyone, and before anything was searched
	Everyone  bool
	SocketURL string      // absolute path or ws(s):// URL; "" = not connected, only the form is shown
	Reason    *ReasonLeft // nil where none has to be stated
	Message   *Message
	Reading
	Application  string   // of everyone's requests, those that it recorded; "" = any
	Applications []string // to choose from

	MaxRows int       // rows beyond these are taken off the end of the table; 0 = [DefaultMaxRows]
	Now     time.Time // the server's clock, for a browser whose clock is wrong; zero = when it is rendered
}

// DefaultMaxRows is how many rows a live page keeps.
const DefaultMaxRows = 500

// Error is the page for what can't be shown: a plain sentence and the next step, never an error's
// own text.
type Error struct {
	Layout
	Status   int  // 403, 404 (also for 405), 429 and 503 have texts of their own, everything else has that of 500
	NoAccess bool // of 403: it is the account that may not, whatever the request
}

// Login renders the login page.
func (s *Set) Login(p Login) ([]byte, error) { return s.page("login", p.Lang, p) }

// Static renders a user's static log as a whole page.
func (s *Set) Static(p Log) ([]byte, error) {
	return s.page("static", p.Lang, p.folded(s.links))
}

// LogTable renders the part of the static page that refreshes itself: messages and table. It is the
// very template that [Set.Static] includes.
func (s *Set) LogTable(p Log) ([]byte, error) {
	return s.part("log-section", p.Lang, p.folded(s.links))
}

// Live renders a live page, of a user or of everyone. Its rows come over the socket.
func (s *Set) Live(p Live) ([]byte, error) { return s.page("live", p.Lang, p) }

// Error renders an error page.
func (s *Set) Error(p Error) ([]byte, error) { return s.page("error", p.Lang, p) }

// Key is the catalogue's key for the error's title; with ".text" and ".next" added, for what
// happened and what to do now.
func (e Error) Key() string {
	switch e.Status {
	case 403:
		if e.NoAccess {
			return "error.no-access"
		}
		return "error.forbidden"
	case 404, 405:
		return "error.not-found"
	case 429:
		return "error.too-many"
	case 503:
		return "error.store-lost"
	}
	return "error.internal"
}

// TextKey is the key of the sentence that says what happened.
func (e Error) TextKey() string { return e.Key() + ".text" }

// NextKey is the key of the sentence that says what to do now.
func (e Error) NextKey() string { return e.Key() + ".next" }

// errorKeys is every key that an error page may ask for, for the check that the catalogues are
// complete.
func errorKeys() []string {
	var keys []string
	for _, e := range []Error{{Status: 403}, {Status: 403, NoAccess: true}, {Status: 404}, {Status: 429}, {Status: 500}, {Status: 503}} {
		keys = append(keys, e.Key(), e.TextKey(), e.NextKey())
	}
	return keys
}

// search is what the search field shows, where it asks for suggestions and where it leads.
type search struct {
	Base     string
	Username string
	Page     string // "/static" or "/live"; on the home page each has a button
}

// Again tells whether somebody's log is open already.
func (s search) Again() bool { return s.Username != "" }

// SubmitKey is the catalogue's key for the button.
func (s search) SubmitKey() string { return "search." + strings.TrimPrefix(s.Page, "/") }

// Search is the page's search form, with the name that was searched.
func (p Log) Search() search { return search{p.Base, p.Username, "/static"} }

// Search is the page's search form, with the name that was searched.
func (p Live) Search() search { return search{p.Base, p.Username, "/live"} }

// folded is the page with what its template needs.
func (p Log) folded(links Links) Log {
	p.links, p.steps = links, fold(p.Entries)
	return p
}

// fold folds entries, of which the newest is the first.
func fold(entries []store.Entry) *journey.Folder {
	oldestFirst := slices.Clone(entries)
	slices.Reverse(oldestFirst)
	return journey.Fold(oldestFirst)
}

// Rows are what the table shows, newest first.
func (p Log) Rows() []stepRow {
	var steps []*journey.Step
	if p.Every {
		for _, e := range p.Entries {
			steps = append(steps, alone(e))
		}
	} else {
		steps = slices.Clone(p.steps.Steps())
		slices.Reverse(steps)
	}
	var rows []stepRow
	for _, step := range steps {
		if p.Filter.Matches(step) {
			rows = append(rows, newStepRow(step, p.links))
		}
	}
	return rows
}

// Now is where the user is.
func (p Log) Now() nowLine { return NowAt(p.Username, p.steps, p.at()).line() }

func (p Log) at() time.Time {
	if p.At.IsZero() {
		return time.Now()
	}
	return p.At
}

// Clock is the server's time in the form of the rows' times.
func (p Log) Clock() string { return timestamp(p.at()) }

// Filtered says whether rows may be missing because of what the reader chose.
func (p Log) Filtered() bool { return p.Filter.Active() }

// Filtered says whether rows may be missing because of what the reader chose, and not only what nobody did.
func (p Live) Filtered() bool { return p.Filter.Active() || p.Application != "" }

// RefreshURL is where the page asks for itself.
func (p Log) RefreshURL() string { return p.Controls().to("/static", p.Reading) }

// Controls are how the log can be read.
func (p Log) Controls() controls { return controls{p.Base, "/static", p.Username, p.Reading} }

// Controls are how the log can be read.
func (p Live) Controls() controls { return controls{p.Base, "/live", p.Username, p.Reading} }

// State is what the page says about its refreshes before the first.
func (p Log) State() ConnectionState { return ConnectionRefreshing }

// State is what the page says about its connection before there is one.
func (p Live) State() ConnectionState { return Connecting }

// Clock is the server's time in the form of the rows' times.
func (p Live) Clock() string {
	if p.Now.IsZero() {
		return timestamp(time.Now())
	}
	return timestamp(p.Now)
}

// Rows is how many rows the page keeps.
func (p Live) Rows() int {
	if p.MaxRows <= 0 {
		return DefaultMaxRows
	}
	return p.MaxRows
}
