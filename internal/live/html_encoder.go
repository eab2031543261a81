package live

import (
	"bytes"
	"slices"
	"strconv"
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// Sizes of frames, in rows.
const (
	// maxRows is how many of everyone's requests a page gets at a time. Nobody can read more, and the page would
	// fall behind.
	maxRows = 50
	// frameRows is how many rows a frame has. It has to leave within writeWait, so a long backlog is sent in several.
	frameRows = 100
	// pageFrame is from one frame of a page to the next at least: a browser draws the table for each.
	pageFrame = 25 * time.Millisecond
	// pageRow is what a row takes of that, if there are more than a few. A page takes 600 a second.
	pageRow = 2 * time.Millisecond
)

// htmlEncoder makes frames for the admin's pages.
type htmlEncoder struct {
	pages Pages
	cache *renderCache
	watch Watch
	now   func() time.Time
	steps *sharedSteps // of one user; nil for everyone

	conditions
	found  bool            // the page shows entries
	asleep bool            // it has shown a user's log, and heard nothing of that since
	gone   goneLog         // of one user
	status views.LogStatus // that the page was told last
	told   bool            // there is such a status
	team   *views.Team     // what colleagues do; nil = that is not known
	met    []byte          // what the page was told last of that
	rows   int             // that encode has returned last, about
}

// newHTMLEncoder returns the encoder for a page, of a user with these steps or of everyone.
func newHTMLEncoder(pages Pages, cache *renderCache, now func() time.Time, watch Watch, steps *sharedSteps) *htmlEncoder {
	back := watch.After != ""
	return &htmlEncoder{pages: pages, cache: cache, now: now, watch: watch, steps: steps, found: back, asleep: back && steps != nil && !watch.Polled}
}

func (e *htmlEncoder) skip(messages [][]byte, newest *store.Entry, _ int) [][]byte {
	partial := views.NewestPartial(newest.Cursor())
	if last := len(messages) - 1; last >= 0 {
		messages[last] = append(messages[last], partial...)
		return messages
	}
	return [][]byte{partial}
}

func (e *htmlEncoder) tell(now conditions) ([][]byte, error) {
	e.conditions = now
	if !e.told {
		return nil, nil // the first frame says it
	}
	status, err := e.statusPartials(e.status.State)
	if err != nil || len(status) == 0 {
		return nil, err
	}
	return [][]byte{status}, nil
}

func (e *htmlEncoder) meet(team *views.Team) ([][]byte, error) {
	e.team = team
	if !e.told {
		return nil, nil // the first frame says it
	}
	partial, err := e.colleaguesPartial()
	if err != nil || len(partial) == 0 {
		return nil, err
	}
	return [][]byte{partial}, nil
}

// colleaguesPartial has what colleagues do, if this reader would see something else than before.
func (e *htmlEncoder) colleaguesPartial() ([]byte, error) {
	if e.team == nil {
		return nil, nil
	}
	who := e.watch.Access
	partial, err := e.pages.ColleaguesPartial(e.watch.Lang, views.Colleagues{
		Team: *e.team, Username: e.watch.Username, Account: who.Account, IsSuperuser: who.Role == auth.Superuser,
	})
	if err != nil || bytes.Equal(partial, e.met) {
		return nil, err
	}
	e.met = partial
	return partial, nil
}

// keepalive is JSON without content: the time in milliseconds. htmx takes notice of it, and swaps nothing.
func (e *htmlEncoder) keepalive(answers bool) []byte {
	message := strconv.AppendInt([]byte(`{"now":`), e.now().UnixMilli(), 10)
	if answers {
		message = append(message, `,"answers":true`...)
	}
	return append(message, '}')
}

// isSlow reports whether encode takes long: for a long backlog, or where the log may have to be read from Redis first.
func (e *htmlEncoder) isSlow(u store.Update) bool {
	if e.steps != nil && !e.found && len(u.Entries) == 0 && e.gone.unknown() {
		return true
	}
	return e.wakes(u) || len(u.Entries) > frameRows || len(u.Entries) > 0 && e.steps != nil && !e.steps.begun.Load()
}

// wakes reports whether the page has come back to a log that it has shown before, and the first update has nothing new. Then the log may
// have expired meanwhile. An update which says that the log store is away does not tell. Hub.Poll asks by itself.
func (e *htmlEncoder) wakes(u store.Update) bool {
	return e.asleep && len(u.Entries) == 0 && u.State != store.Lost
}

func (e *htmlEncoder) encode(u store.Update) ([][]byte, error) {
	var emptied [][]byte // where the log has expired while the page slept, for example
	if e.wakes(u) && !e.gone.isThere() {
		e.found, u.Gap, emptied = false, false, [][]byte{views.EmptiedPartials()}
	}
	e.asleep = e.asleep && u.State == store.Lost
	frames, err := e.frames(u)
	if err != nil {
		return nil, err
	}
	e.found = e.found || len(frames) > 0
	frames = append(emptied, frames...)
	if n := len(u.Entries); n > 0 {
		e.gone.found(u.Entries[n-1].Time, e.now())
	}
	if !e.found {
		e.gone.recheck = time.Time{} // an update is a reason to ask again, and others don't wait for it
	}
	e.rows = len(u.Entries)
	status, err := e.statusPartials(u.State)
	if err == nil && e.met == nil {
		var colleagues []byte
		colleagues, err = e.colleaguesPartial()
		status = append(status, colleagues...)
	}
	switch last := len(frames) - 1; {
	case err != nil || len(status) == 0:
	case last < 0:
		frames = append(frames, status)
	default:
		frames[last] = append(frames[last], status...)
	}
	return frames, err
}

// pause is until the page has the rows in its table.
func (e *htmlEncoder) pause() time.Duration {
	return min(max(pageFrame, time.Duration(e.rows)*pageRow), maxGather)
}

// frames puts the update into frames, the oldest rows first. Within a frame the newest row is on top, as
// in the table. Rows for gaps and for what is left out are older than the rest.
func (e *htmlEncoder) frames(u store.Update) ([][]byte, error) {
	if e.steps != nil {
		return e.stepFrames(u)
	}
	return e.rowFrames(u)
}

// rowFrames is frames for everyone's requests.
func (e *htmlEncoder) rowFrames(u store.Update) ([][]byte, error) {
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
			of, err := e.rowsOf(entry)
			if err != nil {
				return nil, err
			}
			rows = append(rows, of...)
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

// rowKey names a row of a request. All viewers of a log share its entries, so the pointer identifies one.
type rowKey struct {
	entry      *store.Entry
	lang, base string
	gap        bool // the row of what is missing before it
}

// rowsOf renders the rows of an entry of everyone's log: its request, and below that what is missing before it.
func (e *htmlEncoder) rowsOf(entry *store.Entry) (rows [][]byte, err error) {
	if !entry.OnlyGap() {
		row, err := e.row(entry)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	if journey.ShowsGap(entry, e.watch.Filter.Every) {
		row, err := e.missingRow(entry)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// row renders a request of everyone's log, once for all who see the same.
func (e *htmlEncoder) row(entry *store.Entry) ([]byte, error) {
	return e.cache.get(rowKey{entry, e.watch.Lang, e.watch.Base, false}, func() ([]byte, error) {
		return e.pages.Row(e.watch.Lang, e.watch.Base, entry, true)
	})
}

// missingRow is row for what is missing before a request.
func (e *htmlEncoder) missingRow(entry *store.Entry) ([]byte, error) {
	return e.cache.get(rowKey{entry, e.watch.Lang, e.watch.Base, true}, func() ([]byte, error) {
		return e.pages.MissingRow(e.watch.Lang, e.watch.Base, entry)
	})
}

// below renders the rows that stand below those of an update.
func (e *htmlEncoder) below(gap bool, omitted int) ([][]byte, error) {
	everyone := e.watch.Username == ""
	var rows [][]byte
	if omitted > 0 {
		row, err := e.pages.OmittedRow(e.watch.Lang, everyone, omitted)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	if gap {
		row, err := e.pages.GapRow(e.watch.Lang, everyone)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// statusPartials have the state of the connection and the message about the log, if these have changed.
func (e *htmlEncoder) statusPartials(state store.State) ([]byte, error) {
	status := views.LogStatus{
		Username: e.watch.Username, State: state, Fault: e.fault, WatchOnly: e.watchOnly, Found: e.found, Polled: e.watch.Polled,
	}
	if e.steps != nil && !e.found {
		status.Gone = e.gone.unfound(e.now())
		status.Unknown = e.gone.unknown()
	}
	if e.told && status == e.status {
		return nil, nil
	}
	e.told, e.status = true, status
	return e.pages.StatusPartials(e.watch.Lang, status)
}
