package live

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/gin-userlog/userlog/internal/printable"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// maxSkipped is how many entries a program may be spared until it is told how far the log has come. On a busy
// site, the cursor that it had before would soon be too old to resume from.
const maxSkipped = 100

// jsonEncoder makes one message per entry, gap or change of state, each an object with a type. In the beginning
// the state is live, and that is not said.
type jsonEncoder struct {
	cache   *renderCache
	state   store.State
	fault   store.Fault // what is wrong with Redis
	cursor  string      // of the newest entry, also where it was not for the viewer
	skipped int         // entries that were not for the viewer, since it was last told a cursor
}

func (e *jsonEncoder) skip(messages [][]byte, newest *store.Entry, entries int) [][]byte {
	e.cursor = newest.Cursor()
	if e.skipped += entries; e.skipped < maxSkipped {
		return messages
	}
	return append(messages, e.keepalive(false))
}

// tell tells programs what is wrong with Redis. Who is recorded, they learn from the API.
func (e *jsonEncoder) tell(now conditions) ([][]byte, error) {
	if now.fault == e.fault {
		return nil, nil
	}
	e.fault = now.fault
	return [][]byte{e.keepalive(false)}, nil
}

// meet tells programs nothing: they follow requests, and the API has the notes.
func (e *jsonEncoder) meet(*views.Team) ([][]byte, error) { return nil, nil }

// expire tells programs nothing: they have the times of entries.
func (e *jsonEncoder) expire() [][]byte { return nil }

// keepalive says the state again, and from where to resume.
func (e *jsonEncoder) keepalive(bool) []byte {
	status := struct {
		Type   string `json:"type"`
		State  string `json:"state"`
		Fault  string `json:"fault,omitempty"`
		Cursor string `json:"cursor,omitempty"`
	}{"status", stateName(e.state), string(e.fault), e.cursor}
	message, _ := json.Marshal(status) // strings can always be marshalled
	e.skipped = 0
	return printable.JSON(message)
}

// pause is none: a program that can't take more does not read.
func (e *jsonEncoder) pause() time.Duration { return 0 }

func (e *jsonEncoder) isSlow(u store.Update) bool { return len(u.Entries) > frameRows }

func (e *jsonEncoder) encode(u store.Update) ([][]byte, error) {
	var messages [][]byte
	if u.State != e.state {
		e.state = u.State
		messages = append(messages, e.keepalive(false))
	}
	if u.Gap {
		messages = append(messages, []byte(`{"type":"gap"}`))
	}
	for _, entry := range u.Entries {
		message, err := e.cache.get(messageKey{entry}, func() ([]byte, error) { return entryMessage(entry) })
		if err != nil {
			return nil, err
		}
		e.cursor, e.skipped = entry.Cursor(), 0
		messages = append(messages, message)
	}
	return messages, nil
}

// messageKey names the message with an entry. All programs share the entries, so the pointer identifies one.
type messageKey struct{ entry *store.Entry }

// entryMessage is the message with an entry.
func entryMessage(entry *store.Entry) ([]byte, error) {
	line, err := entry.MarshalJSON() // encoding/json would check and compact it once more
	if err != nil {
		return nil, err
	}
	cursor, _ := json.Marshal(entry.Cursor()) // as in keepalive
	kind := `{"type":"entry","cursor":`
	if entry.OnlyGap() {
		kind = `{"type":"gap","cursor":`
	}
	return slices.Concat([]byte(kind), printable.JSON(cursor), []byte(","), printable.JSON(line)[1:]), nil
}

// stateName is the name of a state in JSON.
func stateName(s store.State) string {
	switch s {
	case store.Lost:
		return "store-lost"
	case store.Silent:
		return "silent"
	case store.Off:
		return "off"
	case store.Unpublished:
		return "unpublished"
	}
	return "live"
}
