package views

import (
	"github.com/gin-userlog/userlog/internal/journey"
)

// LiveLog is the page that shows requests as they happen, of one user or of everyone.
type LiveLog struct {
	Layout
	Username  string // "" on the page of everyone, and before anything was searched
	Everyone  bool
	SocketURL string      // absolute path or ws(s):// URL; "" = not connected, only the form is shown
	TicketURL string      // where a ticket is asked for before each connection; "" = none is needed
	Reason    *ReasonLeft // nil where none has to be stated
	Message   *Message
	People    People  // who the user is
	Support   *Call   // the call that the reader has taken by a code; nil for none
	NamesURL  string  // on the page of everyone: where the names of users are asked for; "" = nowhere
	Offers    *Offers // who may be meant by Username; nil for none

	Filter       Filter
	Users        string   // on the page of everyone: only requests of these users, with commas between them; "" = any
	Application  string   // on the page of everyone: only requests that it recorded; "" = any
	Applications []string // to choose from
	Partial      bool     // a part of the log store can't be reached, so that applications may be missing

	WatchOnly bool // only users are recorded whose logs are open

	MaxRows int // rows beyond these are taken off the end of the table; 0 = [DefaultMaxRows]
}

// DefaultMaxRows is how many rows a live page keeps.
const DefaultMaxRows = 500

// Live renders a live page, of a user or of everyone. Its rows come over the socket.
func (s *Set) Live(p LiveLog) ([]byte, error) {
	p.Searched = searched(p.Username)
	return s.page("live", p.Lang, liveLogPage{p})
}

// liveLogPage is LiveLog as its template reads it.
type liveLogPage struct{ LiveLog }

// Person is who the user is.
func (p liveLogPage) Person() person { return p.People.of(p.Username) }

// Helped is the call that the reader has taken.
func (p liveLogPage) Helped() *helped { return newHelped(p.Support) }

// Meant are the users who may be meant.
func (p liveLogPage) Meant() *offers { return newOffers(p.Offers, p.Base) }

// NoteForm is the form for a note. The notes of colleagues come over the socket, when the look is written down.
func (p liveLogPage) NoteForm() noteForm { return noteForm{p.Username} }

// Controls are how the log can be read.
func (p liveLogPage) Controls() controls { return controls{p.Base, "/live", p.Username, p.Filter} }

// StaticURL is the static log of the same user, seen in the same way.
func (p liveLogPage) StaticURL() string { return p.Controls().to("/static", p.Filter) }

// Shows are the kinds of requests to choose from on the page of everyone.
func (p liveLogPage) Shows() []option {
	options := shows()
	for i := range options {
		options[i].Current = options[i].Value == p.Filter.Show
	}
	return options
}

// EmptyKey is of what the page says where it has no row. Requests that pages make by themselves are left out without a filter.
func (p liveLogPage) EmptyKey() string {
	if p.Application != "" || p.Users != "" {
		return "table.empty-filtered"
	}
	return p.Filter.emptyKey()
}

// OnlyErrors says whether nothing but failures is shown.
func (p liveLogPage) OnlyErrors() bool { return p.Filter.Show == journey.ShowErrors }

// Chosen says whether the reader of everyone's page has chosen something else than failures, as which the page begins.
func (p liveLogPage) Chosen() bool {
	return p.Filter.Show != journey.ShowErrors || p.Filter.Text != "" || p.Filter.Every || p.Application != "" || p.Users != ""
}

// ReasonLeft is for how long the reason still holds; nil where none has to be stated.
func (p liveLogPage) ReasonLeft() *reasonLeft { return newReasonLeft(p.Reason) }

// State is the state of the connection before there is one.
func (p liveLogPage) State() connectionState { return connecting }

// Rows is how many rows the page keeps.
func (p liveLogPage) Rows() int {
	if p.MaxRows <= 0 {
		return DefaultMaxRows
	}
	return p.MaxRows
}
