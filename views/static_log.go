package views

import (
	"net/url"
	"slices"
	"time"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
)

// StaticLog is the static page of one user.
type StaticLog struct {
	Layout
	Username string      // "" = nothing was searched yet: only the form is shown
	Reason   *ReasonLeft // nil where none has to be stated
	Message  *Message
	People   People  // who the user is
	Support  *Call   // the call that the reader has taken by a code; nil for none
	Offers   *Offers // who may be meant by Username; nil for none
	Filter   Filter
	Line     string        // id of an entry that is pointed out; "" = none
	Entries  []store.Entry // newest first
	At       time.Time     // the server's clock; zero = when the page is rendered
	ETag     string        // of this content, with its quotes; the refresh sends it as If-None-Match. "" = none
	Refresh  int           // seconds between two refreshes; 0 = the page does not refresh itself

	Fault     store.Fault // what is wrong with Redis, where it can be read all the same
	Feed      store.State // [store.Silent] or [store.Off] where nothing new can arrive
	WatchOnly bool        // only users are recorded whose logs are open

	Team *Team // what colleagues do about the user; nil = nothing is said of them
}

// Connection is the state of the page's connection: it refreshes itself, or why nothing new can arrive.
func (p StaticLog) Connection() string { return string(stateOf(p.Feed, p.Fault, refreshing)) }

// Static renders a user's static log as a whole page.
func (s *Set) Static(p StaticLog) ([]byte, error) {
	return s.page("static", p.Lang, s.staticLogPage(p))
}

// LogTable renders the part of the static page that refreshes itself: messages and table. It is the
// very template that [Set.Static] includes.
func (s *Set) LogTable(p StaticLog) ([]byte, error) {
	return s.part("log-section", p.Lang, s.staticLogPage(p))
}

// staticLogPage is StaticLog as its template reads it.
type staticLogPage struct {
	StaticLog
	links Links           // of the set that renders the page
	steps *journey.Folder // the entries, folded once
}

func (s *Set) staticLogPage(p StaticLog) staticLogPage {
	p.At = orNow(p.At)
	p.Searched = searched(p.Username)
	return staticLogPage{p, s.links, fold(p.Entries)}
}

// fold folds entries, of which the newest is the first.
func fold(entries []store.Entry) *journey.Folder {
	oldestFirst := slices.Clone(entries)
	slices.Reverse(oldestFirst)
	return journey.Fold(oldestFirst)
}

// stepRows are the rows of a table.
type stepRows []stepRow

// Lack is a class that says what the table is without, "" where it has requests.
func (r stepRows) Lack() string {
	switch {
	case len(r) == 0:
		return "without-rows without-requests"
	case !slices.ContainsFunc(r, func(row stepRow) bool { return row.Missing == nil }):
		return "without-requests"
	}
	return ""
}

// Rows are what the table shows, newest first.
func (p staticLogPage) Rows() stepRows {
	var steps []*journey.Step
	if p.Filter.Every {
		for _, e := range p.Entries {
			of := journey.Alone(e, true)
			slices.Reverse(of)
			steps = append(steps, of...)
		}
	} else {
		steps = slices.Clone(p.steps.Steps())
		slices.Reverse(steps)
	}
	var rows stepRows
	for _, step := range steps {
		if p.Filter.Matches(step) {
			row := newStepRow(step, p.links)
			if row.Meant = p.Line != "" && step.Has(p.Line); row.Meant {
				row.Same = "" // it stands by itself
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// Now is where the user is.
func (p staticLogPage) Now() nowLine { return newNowLine(p.Username, p.steps, p.At) }

// Person is who the user is.
func (p staticLogPage) Person() person { return p.People.of(p.Username) }

// Helped is the call that the reader has taken.
func (p staticLogPage) Helped() *helped { return newHelped(p.Support) }

// Meant are the users who may be meant.
func (p staticLogPage) Meant() *offers { return newOffers(p.Offers, p.Base) }

// Colleagues are what the page shows of them; nil = nothing.
func (p staticLogPage) Colleagues() *colleagues {
	if p.Team == nil {
		return nil
	}
	return &colleagues{Colleagues{*p.Team, p.Username, p.Account, p.IsSuperuser}}
}

// NoteForm is the form for a note.
func (p staticLogPage) NoteForm() noteForm { return noteForm{p.Username} }

// Controls are how the log can be read.
func (p staticLogPage) Controls() controls { return controls{p.Base, "/static", p.Username, p.Filter} }

// EmptyKey is of what the page says where it has no row.
func (p staticLogPage) EmptyKey() string { return p.Filter.emptyKey() }

// ReasonLeft is for how long the reason still holds; nil where none has to be stated.
func (p staticLogPage) ReasonLeft() *reasonLeft { return newReasonLeft(p.Reason) }

// RefreshURL is where the page asks for its own newer content.
func (p staticLogPage) RefreshURL() string {
	address := p.Controls().to("/static", p.Filter)
	if p.Line != "" {
		address += "&" + url.Values{LineParameter: {p.Line}}.Encode()
	}
	return address
}
