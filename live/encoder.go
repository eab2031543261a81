package live

import (
	"encoding/json"
	"slices"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// maxRows is how many of everyone's requests one frame shows: more a second than that is nothing that
// a person can read, and the page would only fall behind.
const maxRows = 50

// htmlEncoder makes frames for the admin's pages: one message per update.
type htmlEncoder struct {
	hub   *Hub
	watch Watch
	found bool // the page shows entries
	state store.State
	said  string // the content of #messages
}

func (e *htmlEncoder) encode(u store.Update) ([][]byte, error) {
	var frame []byte
	if u.Gap || len(u.Entries) > 0 {
		rows, err := e.rows(u)
		if err != nil {
			return nil, err
		}
		frame = append(frame, views.RowsPartial(rows...)...)
		e.found = true
	}
	status, err := e.status(u.State)
	if err != nil {
		return nil, err
	}
	if frame = append(frame, status...); len(frame) == 0 {
		return nil, nil
	}
	return [][]byte{frame}, nil
}

// rows renders the update newest first, as the table is; what is left out, and what may be missing,
// is older than the rest.
func (e *htmlEncoder) rows(u store.Update) ([][]byte, error) {
	everyone := e.watch.Username == ""
	omitted := 0
	if everyone {
		omitted = max(0, len(u.Entries)-maxRows)
	}
	rows := make([][]byte, 0, len(u.Entries)-omitted+2)
	for _, entry := range slices.Backward(u.Entries[omitted:]) {
		row, err := e.hub.rows.row(entry, rowStyle{e.watch.Lang, e.watch.Base, everyone})
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	if omitted > 0 {
		row, err := e.hub.views.OmittedRow(e.watch.Lang, everyone, omitted)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	if u.Gap {
		row, err := e.hub.views.GapRow(e.watch.Lang, everyone)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// status says how the connection is and what was found, as far as that has changed.
func (e *htmlEncoder) status(state store.State) ([]byte, error) {
	var frame []byte
	connection, message := views.ConnectionLive, (*views.Message)(nil)
	if state == store.Silent {
		connection = views.ConnectionNobody
	}
	switch everyone := e.watch.Username == ""; {
	case state == store.Lost:
		connection, message = views.ConnectionStoreLost, views.StoreLost()
	case everyone && state == store.Silent:
		message = views.NobodyReports()
	case everyone:
	case e.found:
		message = views.LogsFound(e.watch.Username)
	default:
		message = views.NoLogs(e.watch.Username)
	}
	if state != e.state {
		e.state = state
		html, err := e.hub.views.Connection(e.watch.Lang, connection)
		if err != nil {
			return nil, err
		}
		frame = append(frame, views.ConnectionPartial(html)...)
	}
	html, err := e.hub.views.Messages(e.watch.Lang, message)
	if err != nil {
		return nil, err
	}
	if string(html) != e.said {
		e.said = string(html)
		frame = append(frame, views.MessagesPartial(html)...)
	}
	return frame, nil
}

// jsonEncoder makes one message per entry, gap or change of state, each an object with a type. That
// everything is well in the beginning goes without saying.
type jsonEncoder struct {
	state store.State
}

func (e *jsonEncoder) encode(u store.Update) ([][]byte, error) {
	var messages [][]byte
	if u.State != e.state {
		e.state = u.State
		messages = append(messages, []byte(`{"type":"status","state":"`+stateName(u.State)+`"}`))
	}
	if u.Gap {
		messages = append(messages, []byte(`{"type":"gap"}`))
	}
	for _, entry := range u.Entries {
		line, err := json.Marshal(entry)
		if err != nil {
			return nil, err
		}
		messages = append(messages, append([]byte(`{"type":"entry",`), line[1:]...))
	}
	return messages, nil
}

// stateName is what a state is called in JSON.
func stateName(s store.State) string {
	switch s {
	case store.Lost:
		return "store-lost"
	case store.Silent:
		return "silent"
	}
	return "live"
}
