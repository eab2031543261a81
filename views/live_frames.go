package views

import (
	"bytes"

	"github.com/gin-userlog/userlog/store"
)

// ConnectionState is what a live page says about its connection, in #connection[data-state].
type ConnectionState string

// The states that a page can be in. A page begins as connecting; lost is set by the page itself, the
// others also by the server. Silence means something else in each: a customer who does nothing is
// live, and the page says since when.
const (
	connecting           ConnectionState = "connecting"
	ConnectionLive       ConnectionState = "live"
	connectionLost       ConnectionState = "lost"
	ConnectionStoreLost  ConnectionState = "store-lost"
	ConnectionNobody     ConnectionState = "nobody"     // no application reports, so nothing can arrive
	connectionRefreshing ConnectionState = "refreshing" // static page: nothing is connected, all is well
)

// Row renders one <tr> of the log. It depends on nothing but its arguments, so a caller may render
// an entry once for every viewer who reads the same language.
func (s *Set) Row(lang, base string, e store.Entry, withUser bool) ([]byte, error) {
	m := newMarkup(s.catalogue(lang), rowSize)
	m.row(newRow(&e, base, withUser))
	return m.bytes()
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

// Connection renders the #connection element in a state, with the texts of every state, so that the
// page can change it by itself.
func (s *Set) Connection(lang string, state ConnectionState) ([]byte, error) {
	return s.part("connection", lang, state)
}

// Messages renders what #messages contains; nil = nothing.
func (s *Set) Messages(lang string, m *Message) ([]byte, error) { return s.part("message", lang, m) }

// RowsPartial makes the frame that puts rows at the top of a live page's table. The first is the
// newest.
func RowsPartial(rows ...[]byte) []byte { return partial("#rows", "afterbegin", rows...) }

// ConnectionPartial makes the frame that replaces #connection with what [Set.Connection] rendered.
func ConnectionPartial(connection []byte) []byte {
	return partial("#connection", "outerHTML", connection)
}

// MessagesPartial makes the frame that replaces the content of #messages with what [Set.Messages]
// rendered.
func MessagesPartial(messages []byte) []byte { return partial("#messages", "innerHTML", messages) }

// partial wraps content for htmx's websocket extension. Frames may be concatenated.
func partial(target, swap string, content ...[]byte) []byte {
	var b bytes.Buffer
	b.WriteString(`<hx-partial hx-target="` + target + `" hx-swap="` + swap + `">`)
	for _, c := range content {
		b.Write(c)
	}
	b.WriteString(`</hx-partial>`)
	return b.Bytes()
}
