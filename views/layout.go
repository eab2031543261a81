package views

import (
	"slices"
	"time"
)

// Sections of the admin, as [Layout.Section] names them.
const (
	SectionHome      = "home"
	SectionStatic    = "static"
	SectionLive      = "live"
	SectionEveryone  = "everyone"
	SectionAudit     = "audit"
	SectionAccounts  = "accounts"
	SectionAccount   = "account"
	SectionRecording = "recording"
	SectionRules     = "rules"
	SectionHealth    = "health"
)

// Layout is the part that every page has.
type Layout struct {
	Lang              string // tag of one of [Set.Languages]; anything else is shown in English
	Base              string // base path of the admin without trailing slash: "" or "/userlog"
	Theme             string // one of [Themes]; anything else is as the reader's system has it
	Current           string // path and query of this page, to which a switch leads back; "" = the page has no switches
	Account           string // of the reader; "" = nobody is logged in, and no navigation is shown
	IsSuperuser       bool   // shows what only superusers may open
	HasRules          bool   // there are destinations of webhooks, and so a page of rules
	CanLogOut         bool   // false where the host application owns the login
	CanSwitchLanguage bool   // false where the language is pinned
	Logs              string // the page on which the reader looked at a log last, one of [LogPages]; anything else is the first of them
	Section           string // which link of the navigation is the current one, or ""
	Searched          string // the username that the search field of the page shows; "" = none

	// Now tells the time by the clock of requests, by which the page tells ages. It is asked when the page is rendered: what the page reads
	// before may set that clock right. nil = the clock of this host.
	Now func() time.Time
}

// Searching is the search form in the header. From a page of logs it leads to the same, and else to the one that the reader wants.
// Where the page has nothing else to do first, the field has the focus when the page is opened.
func (l Layout) Searching() search {
	s := search{Base: l.Base, Username: l.Searched, Page: l.LogPage(), First: l.Searched == "" && (l.OfLogs() || l.Section == SectionHome)}
	if l.OfLogs() {
		s.Page = "/" + l.Section
	}
	return s
}

// Clock is Now in the form of the rows' times.
func (l Layout) Clock() string {
	if l.Now == nil {
		return timestamp(time.Now())
	}
	return timestamp(l.Now())
}

// LogPages are the pages of one user's log, as paths below the base. The first is for readers who have not chosen.
func LogPages() []string { return []string{"/live", "/static"} }

// LogPage is the page of a log that the reader wants.
func (l Layout) LogPage() string {
	if slices.Contains(LogPages(), l.Logs) {
		return l.Logs
	}
	return LogPages()[0]
}

// OfLogs reports whether the page is one of those of a log.
func (l Layout) OfLogs() bool { return l.Section == SectionLive || l.Section == SectionStatic }

// Themes are the looks that a reader can choose, besides that of the system.
func Themes() []string { return []string{"light", "dark"} }

// colorScheme is the theme as browsers call it.
func colorScheme(theme string) string {
	if slices.Contains(Themes(), theme) {
		return theme
	}
	return "light dark"
}

// option is one of several values of a form.
type option struct {
	Value, Key string // Key is the catalogue's, for its name
	Current    bool
}

// themeChoices are the themes to choose from.
func themeChoices(theme string) []option {
	choices := []option{{"", "theme.system", !slices.Contains(Themes(), theme)}}
	for _, t := range Themes() {
		choices = append(choices, option{t, "theme." + t, t == theme})
	}
	return choices
}
