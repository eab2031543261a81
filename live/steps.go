package live

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"
	"io"
	"slices"
	"time"

	"github.com/gin-userlog/userlog/journey"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// rememberedSteps is how many steps of a user each of her viewers can still see change. What belongs to
// an older one appears as a step by itself.
const rememberedSteps = 32

// newFolder returns what a viewer's page shows already: nothing, or the log up to the entry after which
// it goes on. shown is the user's log, newest first.
func newFolder(shown []store.Entry, after string) (folder *journey.Folder, past history) {
	folder = journey.NewFolder(rememberedSteps)
	newest := slices.IndexFunc(shown, func(e store.Entry) bool { return e.ID == after })
	if after == "" || newest < 0 {
		return folder, 0
	}
	for _, e := range slices.Backward(shown[newest:]) {
		past = past.with(&e)
		folder.Add(e)
	}
	return folder, past
}

// changed is a step that an update has made or changed.
type changed struct {
	*journey.Step
	again bool // the page has it already
}

// history names the entries that a viewer's folder was made of, in their order: two that are equal have
// seen the same, and will show the same.
type history uint64

// with is the history after one more entry.
func (h history) with(e *store.Entry) history {
	sum := fnv.New64a()
	sum.Write(binary.BigEndian.AppendUint64(nil, uint64(h)))
	io.WriteString(sum, e.ID)
	return history(sum.Sum64())
}

// fold adds entries, the oldest first, and returns what changed, in the order of the first changes.
func (e *htmlEncoder) fold(entries []*store.Entry) []changed {
	var all []changed
	seen := make(map[*journey.Step]bool)
	for _, entry := range entries {
		e.history = e.history.with(entry)
		change := e.folder.Add(*entry)
		step := change.Step
		if e.watch.Reading.Every {
			step, change.New = &journey.Step{ID: entry.ID, Entry: *entry}, true
		}
		if !seen[step] {
			seen[step] = true
			all = append(all, changed{step, !change.New})
		}
	}
	return slices.DeleteFunc(all, func(c changed) bool { return !e.watch.Reading.Filter.Matches(c.Step) })
}

// steps puts an update of one user's log into frames, as [htmlEncoder.rows] does, and where the user is
// now into the last one.
func (e *htmlEncoder) steps(u store.Update) ([][]byte, error) {
	entries := u.Entries[max(0, len(u.Entries)-views.DefaultMaxRows):] // the page keeps no more
	if len(entries) == 0 || len(entries) > frameRows {
		return e.render(e.fold(entries), entries, u.Gap)
	}
	// A burst that all see is rendered once.
	key := frameKey{e.watch.Username, e.watch.Lang, e.watch.Reading, e.history, 0, u.Gap}
	changes := e.fold(entries)
	key.after = e.history
	frame, err := e.hub.pieces.get(key, func() ([]byte, error) {
		frames, err := e.render(changes, entries, u.Gap)
		return bytes.Join(frames, nil), err
	})
	return [][]byte{slices.Clip(frame)}, err
}

// frameKey names the frame of an update.
type frameKey struct {
	username, lang string
	reading        views.Reading
	before, after  history
	gap            bool
}

// render makes the frames of what has changed.
func (e *htmlEncoder) render(changes []changed, entries []*store.Entry, gap bool) ([][]byte, error) {
	below, err := e.below(gap, 0)
	if err != nil {
		return nil, err
	}
	var frames [][]byte
	for some := range slices.Chunk(changes, frameRows) {
		rows := make([][]byte, 0, len(some)+len(below))
		for _, step := range slices.Backward(some) {
			row, err := e.stepRow(step)
			if err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
		frames = append(frames, views.RowsPartial(append(rows, below...)...))
		below = nil
	}
	if len(below) > 0 {
		frames = append(frames, views.RowsPartial(below...))
	}
	if len(entries) == 0 {
		return frames, nil
	}
	now, err := e.now(entries[len(entries)-1].ID)
	if len(frames) == 0 {
		return [][]byte{now}, err
	}
	frames[len(frames)-1] = append(frames[len(frames)-1], now...)
	return frames, err
}

// stepKey names the row of a step as it is. Two viewers whose steps have the same id have seen the same
// entries of it if they have seen as many.
type stepKey struct {
	id, newest, lang            string
	redirects, folded, problems int
	again                       bool
}

// stepRow renders a step, once for all who see the same.
func (e *htmlEncoder) stepRow(c changed) ([]byte, error) {
	key := stepKey{c.ID, c.Outcome().ID, e.watch.Lang, len(c.Redirects), c.Folded(), c.Problems, c.again}
	return e.hub.pieces.get(key, func() ([]byte, error) {
		return e.hub.views.StepRow(e.watch.Lang, c.Step, c.again)
	})
}

// now tells the page where the user is, and which entry is the newest that it has.
func (e *htmlEncoder) now(newest string) ([]byte, error) {
	html, err := e.hub.views.Now(e.watch.Lang, views.NowAt(e.watch.Username, e.folder, time.Now()))
	return append(views.NowPartial(html), views.NewestPartial(newest)...), err
}
