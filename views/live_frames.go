package views

import (
	"bytes"
	"html/template"
	"time"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
)

// connectionState is the state of a page's connection, in #connection[data-state].
type connectionState string

// The states that a page can be in. A live page begins as connecting, and a script sets lost. Only the server
// knows the others. In each state it means something else that nothing appears. For example, in the state live the user
// does nothing, and the page says since when.
const (
	connecting    connectionState = "connecting"
	connected     connectionState = "live"
	connectionOff connectionState = "lost"
	storeLost     connectionState = "store-lost"
	storeRefuses  connectionState = "store-refuses" // Redis answers, and takes nothing new, so nothing can arrive
	nobodyReports connectionState = "nobody"        // no application reports, so nothing can arrive
	recordingOff  connectionState = "off"           // recording is switched off, so nothing can arrive
	refreshing    connectionState = "refreshing"    // a page that refreshes itself: nothing is connected, all is well
	instead       connectionState = "instead"       // a live page that gets entries every two seconds, since it can't be live
	notServed     connectionState = "not-served"    // the server has let the page connect only to say why it can't serve it
)

// Row renders one <tr> of everyone's log. The result depends on nothing but the arguments, so a caller may
// render an entry once for every viewer who reads the same language.
func (s *Set) Row(lang, base string, e *store.Entry, withUser bool) ([]byte, error) {
	m := newMarkup(s.catalogue(lang), rowSize)
	m.row(newRow(e, base, withUser))
	return m.bytes()
}

// StepRow renders a step of one user as a <tr> of the log. Where the page has the step already, the new row
// takes the place of the old one, which has the same id.
func (s *Set) StepRow(lang string, step *journey.Step) ([]byte, error) {
	return newMarkup(s.catalogue(lang), rowSize).steps([]stepRow{newStepRow(step, s.links)}).bytes()
}

// GapRow renders the row which says that requests may be missing at this place.
func (s *Set) GapRow(lang string, withUser bool) ([]byte, error) {
	return s.part("gap", lang, columns(withUser))
}

// OmittedRow renders the row which says that n more requests, at least one, came at this place than
// are shown. Nothing is lost: they are in the logs of their users.
func (s *Set) OmittedRow(lang string, withUser bool, n int) ([]byte, error) {
	return s.part("omitted", lang, omitted{columns(withUser), n})
}

// RowsPartial makes the partial that puts rows at the top of a live page's table. The first row is the newest.
func RowsPartial(rows ...[]byte) []byte { return partial("#rows", "afterbegin", rows...) }

// NewestPartial makes the partial that tells the page the cursor of the newest entry that it has.
func NewestPartial(cursor string) []byte {
	return partial("#newest", "outerHTML", []byte(`<i id="newest" hidden data-cursor="`+template.HTMLEscapeString(cursor)+`"></i>`))
}

// EmptiedPartials make the partials for a live page whose log is empty by now. They take away its rows and its cursor. The next entries
// begin anew, because nobody knows what was recorded in between.
func EmptiedPartials() []byte { return append(partial("#rows", "innerHTML"), NewestPartial("")...) }

// NowPartial renders the partial that replaces the line about where a user is.
func (s *Set) NowPartial(lang, username string, steps *journey.Folder, at time.Time) ([]byte, error) {
	line := newNowLine(username, steps, at)
	line.Late = true // the page may get it late, if a computer slept or a connection was slow
	now, err := newMarkup(s.catalogue(lang), nowSize).now(line).bytes()
	return partial("#now", "outerHTML", now), err
}

// LogStatus is the state of the log that a live page shows.
type LogStatus struct {
	Username string // "" = everyone's log
	State    store.State
	Fault    store.Fault // what is wrong with Redis, as far as it answers
	Found    bool        // the page shows entries
	Polled   bool        // the page asks by itself, because it can't have a socket
	Gone     time.Time   // if the page shows no entries (any more), because the log has expired: when the user was last seen; else zero
	Unknown  bool        // the page shows no entries, and it could not be read whether the log has expired

	WatchOnly bool // only users are recorded whose logs are open
}

// StatusPartials renders the partials with the state of the connection, the message about the log, and the hint that few are recorded.
func (s *Set) StatusPartials(lang string, status LogStatus) ([]byte, error) {
	state, message := status.words()
	partials, err := s.statePartials(lang, state, message)
	if err != nil {
		return nil, err
	}
	var hint []byte
	if status.WatchOnly {
		hint, err = s.part("watch-only", lang, status.Username)
	}
	return append(partials, partial("#recorded", "innerHTML", hint)...), err
}

// RefusalPartials renders the partials that tell a live page why it is not served.
func (s *Set) RefusalPartials(lang string, why *Message) ([]byte, error) {
	return s.statePartials(lang, notServed, why)
}

// statePartials renders the partials with a state of the connection and a message; nil = none.
func (s *Set) statePartials(lang string, state connectionState, message *Message) ([]byte, error) {
	connection, err := s.part("connection", lang, state)
	if err != nil {
		return nil, err
	}
	said, err := s.part("message", lang, message)
	if err != nil {
		return nil, err
	}
	return append(partial("#connection", "outerHTML", connection), partial("#messages", "innerHTML", said)...), nil
}

// stateOf is the state of a page's connection to a log, where well is what it is called while new requests can arrive.
func stateOf(log store.State, fault store.Fault, well connectionState) connectionState {
	switch {
	case fault.IsRefusal():
		return storeRefuses
	case log == store.Lost:
		return storeLost
	case log == store.Off:
		return recordingOff
	case log == store.Silent:
		return nobodyReports
	}
	return well
}

// words are the state of the connection and the message about the log; nil = none.
func (s LogStatus) words() (connectionState, *Message) {
	well := connected
	if s.State == store.Unpublished || s.Polled {
		well = instead
	}
	state := stateOf(s.State, s.Fault, well)
	switch everyone := s.Username == ""; {
	case state == storeRefuses:
		return state, StoreFault(s.Fault)
	case state == storeLost:
		return state, StoreLost()
	case state == recordingOff:
		return state, RecordingOff()
	case everyone && state == nobodyReports:
		return state, nobodyHasReported()
	case everyone:
		return state, nil
	case s.Found:
		return state, LogsFound(s.Username)
	case s.Unknown:
		return state, nil
	}
	if !s.Gone.IsZero() {
		return state, Gone(store.Seen{Username: s.Username, At: s.Gone})
	}
	return state, NoLogs(s.Username)
}

// partial wraps content for htmx's websocket extension. A frame has one partial after the other.
func partial(target, swap string, content ...[]byte) []byte {
	var b bytes.Buffer
	b.WriteString(`<hx-partial hx-target="` + target + `" hx-swap="` + swap + `">`)
	for _, c := range content {
		b.Write(c)
	}
	b.WriteString(`</hx-partial>`)
	return b.Bytes()
}
