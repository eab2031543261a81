package live

import (
	"bytes"
	"slices"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// stepFrames is [htmlEncoder.frames] for the log of one user. The last frame also says where the user is now.
func (e *htmlEncoder) stepFrames(u store.Update) ([][]byte, error) {
	entries := u.Entries
	// A burst that all viewers see is folded and rendered once. Frames for a search of one viewer are not kept.
	if len(entries) == 0 || len(entries) > frameRows || e.watch.Filter.Text != "" || e.watch.Filter.Device != "" {
		return e.renderSteps(entries, u.Gap)
	}
	key := frameKey{entries[0], entries[len(entries)-1], len(entries), u.Gap, e.watch.Lang, e.watch.Filter}
	frame, err := e.cache.get(key, func() ([]byte, error) {
		frames, err := e.renderSteps(entries, u.Gap)
		return bytes.Join(frames, nil), err
	})
	return [][]byte{slices.Clip(frame)}, err
}

// frameKey names the frame of an update. All viewers of a log share its entries, so the pointers identify them.
type frameKey struct {
	first, last *store.Entry
	entries     int
	gap         bool
	lang        string
	filter      views.Filter
}

// renderSteps makes the frames of an update.
func (e *htmlEncoder) renderSteps(entries []*store.Entry, gap bool) ([][]byte, error) {
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
	steps, err := e.chosen(entries)
	if err != nil {
		return nil, err
	}
	var frames [][]byte
	for some := range slices.Chunk(steps, frameRows) {
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
	now, err := e.nowLine(entries[len(entries)-1])
	if len(frames) == 0 {
		return [][]byte{now}, err
	}
	frames[len(frames)-1] = append(frames[len(frames)-1], now...)
	return frames, err
}

// chosen returns the steps to which entries belong, and which the filter lets through. They are as many as the
// page keeps at most, since others would fall off its end.
func (e *htmlEncoder) chosen(entries []*store.Entry) ([]*journey.Step, error) {
	e.steps.mu.Lock()
	defer e.steps.mu.Unlock()
	steps, err := e.steps.follow(entries, e.watch.After == "" && !e.found)
	if err != nil {
		return nil, err
	}
	if e.watch.Filter.Every {
		steps = nil
		for _, entry := range entries {
			steps = append(steps, journey.Alone(*entry, true)...)
		}
	}
	steps = slices.DeleteFunc(steps, func(s *journey.Step) bool { return !e.watch.Filter.Matches(s) })
	return steps[max(0, len(steps)-views.DefaultMaxRows):], nil
}

// stepKey names the row of a step as it is.
type stepKey struct {
	username, id, newest, lang  string
	redirects, folded, problems int
	notKept                     int // of a gap: viewers may miss more or less
}

// stepRows renders steps as they are now, the last on top. Between two frames of a long backlog other viewers
// have their turn, and steps that they change are sent again.
func (e *htmlEncoder) stepRows(steps []*journey.Step) ([][]byte, error) {
	e.steps.mu.Lock()
	defer e.steps.mu.Unlock()
	rows := make([][]byte, 0, len(steps)+2) // two may come below them
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
	key := stepKey{
		username: e.watch.Username, id: step.ID, newest: step.Outcome().ID, lang: e.watch.Lang,
		redirects: len(step.Redirects), folded: step.Folded(), problems: step.Problems,
	}
	if step.Gap != nil {
		key.notKept = step.Gap.NotKept
	}
	return e.cache.get(key, func() ([]byte, error) { return e.pages.StepRow(e.watch.Lang, step) })
}

// nowLine tells the page where the user is, and which entry is the newest that it has.
func (e *htmlEncoder) nowLine(newest *store.Entry) ([]byte, error) {
	e.steps.mu.Lock()
	defer e.steps.mu.Unlock()
	html, err := e.pages.NowPartial(e.watch.Lang, e.watch.Username, e.steps.folder, e.now())
	return append(html, views.NewestPartial(newest.Cursor())...), err
}
