package live

import (
	"bytes"
	"slices"
	"time"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// steps puts an update of one user's log into frames, as [htmlEncoder.rows] does, and where the user is
// now into the last one.
func (e *htmlEncoder) steps(u store.Update) ([][]byte, error) {
	entries := u.Entries
	// A burst that all see is folded and rendered once. What only one reader searches for is not kept.
	if len(entries) == 0 || len(entries) > frameRows || e.watch.Filter.Text != "" {
		return e.render(entries, u.Gap)
	}
	key := frameKey{entries[0], entries[len(entries)-1], len(entries), u.Gap, e.watch.Lang, e.watch.Filter}
	frame, err := e.hub.pieces.get(key, func() ([]byte, error) {
		frames, err := e.render(entries, u.Gap)
		return bytes.Join(frames, nil), err
	})
	return [][]byte{slices.Clip(frame)}, err
}

// frameKey names the frame of an update. Entries are shared by all viewers of a log, so the pointers
// identify them.
type frameKey struct {
	first, last *store.Entry
	entries     int
	gap         bool
	lang        string
	filter      views.Filter
}

// render makes the frames of an update.
func (e *htmlEncoder) render(entries []*store.Entry, gap bool) ([][]byte, error) {
	below, err := e.below(gap, 0)
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		if len(below) > 0 {
			return [][]byte{views.RowsPartial(below...)}, nil
		}
		return nil, nil
	}
	var frames [][]byte
	for some := range slices.Chunk(e.chosen(entries), frameRows) {
		rows, err := e.stepRows(some)
		if err != nil {
			return nil, err
		}
		frames = append(frames, views.RowsPartial(append(rows, below...)...))
		below = nil
	}
	if len(below) > 0 {
		frames = append(frames, views.RowsPartial(below...))
	}
	now, err := e.now(entries[len(entries)-1])
	if len(frames) == 0 {
		return [][]byte{now}, err
	}
	frames[len(frames)-1] = append(frames[len(frames)-1], now...)
	return frames, err
}

// chosen returns what the reader wants to see of the steps to which entries belong: as many as the page
// keeps, since the others would fall off its end.
func (e *htmlEncoder) chosen(entries []*store.Entry) []*journey.Step {
	e.trail.mu.Lock()
	defer e.trail.mu.Unlock()
	steps := e.trail.follow(entries)
	if e.watch.Filter.Every {
		steps = nil
		for _, entry := range entries {
			steps = append(steps, &journey.Step{ID: entry.ID, Entry: *entry})
		}
	}
	steps = slices.DeleteFunc(steps, func(s *journey.Step) bool { return !e.watch.Filter.Matches(s) })
	return steps[max(0, len(steps)-views.DefaultMaxRows):]
}

// stepKey names the row of a step as it is.
type stepKey struct {
	username, id, newest, lang  string
	redirects, folded, problems int
}

// stepRows renders steps, the last on top, as they are now: whoever has a long backlog lets others come between
// two frames of it, and what they change is sent again.
func (e *htmlEncoder) stepRows(steps []*journey.Step) ([][]byte, error) {
	e.trail.mu.Lock()
	defer e.trail.mu.Unlock()
	rows := make([][]byte, 0, len(steps)+2) // below comes after them
	for _, step := range slices.Backward(steps) {
		row, err := e.stepRow(step)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// stepRow renders a step, once for all who see it as it is now.
func (e *htmlEncoder) stepRow(step *journey.Step) ([]byte, error) {
	key := stepKey{e.watch.Username, step.ID, step.Outcome().ID, e.watch.Lang, len(step.Redirects), step.Folded(), step.Problems}
	return e.hub.pieces.get(key, func() ([]byte, error) { return e.hub.views.StepRow(e.watch.Lang, step) })
}

// now tells the page where the user is, and which entry is the newest that it has.
func (e *htmlEncoder) now(newest *store.Entry) ([]byte, error) {
	e.trail.mu.Lock()
	defer e.trail.mu.Unlock()
	html, err := e.hub.views.Now(e.watch.Lang, views.NowAt(e.watch.Username, e.trail.folder, time.Now()))
	return append(views.NowPartial(html), views.NewestPartial(newest.Cursor())...), err
}
