package live

import (
	"encoding/json"
	"slices"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// Sizes of frames, in rows.
const (
	// More of everyone's requests at a time is nothing that a person can read, and the page would only
	// fall behind.
	maxRows = 50
	// A frame has to leave within writeWait: a long backlog is sent in several.
	frameRows = 100
)

// passedEntries is how many entries may pass a program by until it is told how far the log has come: on a busy site the
// cursor that it had before would soon be too old to go on from.
const passedEntries = 100

// htmlEncoder makes frames for the admin's pages.
type htmlEncoder struct {
	hub   *Hub
	watch Watch
	found bool // the page shows entries
	told  told

	trail *trail // of one user; nil for everyone
}

// newHTMLEncoder returns the encoder for a page, of a user with this trail or of everyone.
func newHTMLEncoder(h *Hub, watch Watch, t *trail) *htmlEncoder {
	return &htmlEncoder{hub: h, watch: watch, trail: t, found: watch.After != ""}
}

// told is what the page was last told about the connection and what was found.
type told struct {
	something, found bool
	state            store.State
}

func (e *htmlEncoder) pass(messages [][]byte, newest *store.Entry, _ int) [][]byte {
	partial := views.NewestPartial(newest.Cursor())
	if last := len(messages) - 1; last >= 0 {
		messages[last] = append(messages[last], partial...)
		return messages
	}
	return [][]byte{partial}
}

// beat is JSON without content, which htmx takes notice of and swaps nothing for.
func (e *htmlEncoder) beat() []byte { return []byte("{}") }

// takesLong reports a long backlog, and who may have to wait until the trail has been read from Redis.
func (e *htmlEncoder) takesLong(u store.Update) bool {
	return len(u.Entries) > frameRows || len(u.Entries) > 0 && e.trail != nil && !e.trail.begun.Load()
}

func (e *htmlEncoder) encode(u store.Update) ([][]byte, error) {
	frames, err := e.frames(u)
	if err != nil {
		return nil, err
	}
	e.found = e.found || len(frames) > 0
	status, err := e.status(u.State)
	switch last := len(frames) - 1; {
	case err != nil || len(status) == 0:
	case last < 0:
		frames = append(frames, status)
	default:
		frames[last] = append(frames[last], status...)
	}
	return frames, err
}

// frames puts the update into frames, the oldest rows first. Within a frame the newest is on top, as
// in the table; what is left out, and what may be missing, is older than the rest.
func (e *htmlEncoder) frames(u store.Update) ([][]byte, error) {
	if e.trail != nil {
		return e.steps(u)
	}
	return e.rows(u)
}

// rows is frames for everyone's requests.
func (e *htmlEncoder) rows(u store.Update) ([][]byte, error) {
	omitted := max(0, len(u.Entries)-maxRows)
	entries := u.Entries[omitted:]
	below, err := e.below(u.Gap, omitted)
	if err != nil {
		return nil, err
	}
	var frames [][]byte
	for some := range slices.Chunk(entries, frameRows) {
		rows := make([][]byte, 0, len(some)+len(below))
		for _, entry := range slices.Backward(some) {
			row, err := e.row(entry)
			if err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
		frame := views.RowsPartial(append(rows, below...)...)
		frames = append(frames, append(frame, views.NewestPartial(some[len(some)-1].Cursor())...))
		below = nil
	}
	if len(below) > 0 {
		frames = append(frames, views.RowsPartial(below...))
	}
	return frames, nil
}

// rowKey names the row of a request. Entries are shared by all viewers of a log, so the pointer
// identifies them.
type rowKey struct {
	entry      *store.Entry
	lang, base string
}

// row renders a request of everyone's, once for all who see the same.
func (e *htmlEncoder) row(entry *store.Entry) ([]byte, error) {
	return e.hub.pieces.get(rowKey{entry, e.watch.Lang, e.watch.Base}, func() ([]byte, error) {
		return e.hub.views.Row(e.watch.Lang, e.watch.Base, *entry, true)
	})
}

// below renders what stands below the rows of an update.
func (e *htmlEncoder) below(gap bool, omitted int) ([][]byte, error) {
	everyone := e.watch.Username == ""
	var rows [][]byte
	if omitted > 0 {
		row, err := e.hub.views.OmittedRow(e.watch.Lang, everyone, omitted)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	if gap {
		row, err := e.hub.views.GapRow(e.watch.Lang, everyone)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// status says how the connection is and what was found, if that has changed.
func (e *htmlEncoder) status(state store.State) ([]byte, error) {
	now := told{something: true, found: e.found, state: state}
	if now == e.told {
		return nil, nil
	}
	e.told = now
	connection, message := e.words(state)
	html, err := e.hub.views.Connection(e.watch.Lang, connection)
	if err != nil {
		return nil, err
	}
	said, err := e.hub.views.Messages(e.watch.Lang, message)
	if err != nil {
		return nil, err
	}
	return append(views.ConnectionPartial(html), views.MessagesPartial(said)...), nil
}

// words are what a state is called on the page, and what is said about the log.
func (e *htmlEncoder) words(state store.State) (views.ConnectionState, *views.Message) {
	connection := views.ConnectionLive
	if state == store.Silent {
		connection = views.ConnectionNobody
	}
	switch everyone := e.watch.Username == ""; {
	case state == store.Lost:
		return views.ConnectionStoreLost, views.StoreLost()
	case everyone && state == store.Silent:
		return connection, views.NobodyReports()
	case everyone:
		return connection, nil
	case e.found:
		return connection, views.LogsFound(e.watch.Username)
	}
	return connection, views.NoLogs(e.watch.Username)
}

// jsonEncoder makes one message per entry, gap or change of state, each an object with a type. That
// everything is well in the beginning goes without saying.
type jsonEncoder struct {
	state  store.State
	cursor string // of the newest entry, also where it was not for the viewer
	passed int    // entries that were not for the viewer, since it was last told a cursor
}

func (e *jsonEncoder) pass(messages [][]byte, newest *store.Entry, entries int) [][]byte {
	e.cursor = newest.Cursor()
	if e.passed += entries; e.passed < passedEntries {
		return messages
	}
	return append(messages, e.beat())
}

// beat says the state again, and from where to go on.
func (e *jsonEncoder) beat() []byte {
	status := struct {
		Type   string `json:"type"`
		State  string `json:"state"`
		Cursor string `json:"cursor,omitempty"`
	}{"status", stateName(e.state), e.cursor}
	message, _ := json.Marshal(status) // strings can always be marshalled
	e.passed = 0
	return message
}

func (e *jsonEncoder) takesLong(u store.Update) bool { return len(u.Entries) > frameRows }

func (e *jsonEncoder) encode(u store.Update) ([][]byte, error) {
	var messages [][]byte
	if u.State != e.state {
		e.state = u.State
		messages = append(messages, e.beat())
	}
	if u.Gap {
		messages = append(messages, []byte(`{"type":"gap"}`))
	}
	for _, entry := range u.Entries {
		line, err := entry.MarshalJSON() // encoding/json would check and compact it once more
		if err != nil {
			return nil, err
		}
		e.cursor, e.passed = entry.Cursor(), 0
		cursor, _ := json.Marshal(e.cursor) // as in beat
		messages = append(messages, slices.Concat([]byte(`{"type":"entry","cursor":`), cursor, []byte(","), line[1:]))
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
