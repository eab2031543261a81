package team

import (
	"context"
	"slices"
	"time"

	"github.com/gin-userlog/userlog/internal/audit"
)

// twice is how soon the same note again is one that was sent twice.
const twice = 10 * time.Second

// Changes makes changes to a board. Each is written to the audit log before it is made, without the text of notes: the audit log is kept
// for longer, and nothing can be taken out of it. Its methods may be called from several goroutines.
type Changes struct {
	Board *Board
	Log   audit.Appender
	Mask  func(string) string // hides secrets in the text of a note
	Now   func() time.Time    // by Redis' clock, as the times of notes are
}

// Change is who changes something about a user, and for how long that is kept.
type Change struct {
	By       audit.Actor
	Reason   string // why the actor looks at the log of the user; "" = none was stated
	Username string
	Keep     time.Duration // until the user is forgotten
}

func (c Change) record(action audit.Action, detail string) audit.Record {
	r := c.By.Record(action, c.Username)
	r.Reason, r.Detail = c.Reason, detail
	return r
}

// AddNote adds a note. Where there are [MaxNotes], the oldest goes of those whose author has the most. The error may be [ErrNoteEmpty] or [ErrNoteLong]. The same note again at
// once was sent twice, and is added once.
func (c *Changes) AddNote(ctx context.Context, change Change, text string) error {
	text, err := CheckNote(text)
	if err != nil {
		return err
	}
	text = c.Mask(text)
	sheets, err := c.Board.Sheets(ctx, change.Username)
	if err != nil {
		return err
	}
	if notes := sheets[0].Notes; len(notes) > 0 && notes[0].By == change.By.Name && notes[0].Text == text && c.Now().Sub(notes[0].At) < twice {
		return nil
	}
	id := number()
	if _, err := c.Log.Append(ctx, change.record(audit.NoteAdded, id)); err != nil {
		return err
	}
	return c.Board.addNote(ctx, change.Username, id, wireNote{By: change.By.Name, Text: text}, change.Keep)
}

// DeleteNote deletes a note of the actor's, or also of somebody else's. The error may be [ErrNoNote] or [ErrNotYours].
func (c *Changes) DeleteNote(ctx context.Context, change Change, id string, others bool) error {
	sheets, err := c.Board.Sheets(ctx, change.Username)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(sheets[0].Notes, func(n Note) bool { return n.ID == id })
	if at < 0 {
		return ErrNoNote
	}
	note := sheets[0].Notes[at]
	if note.By != change.By.Name && !others {
		return ErrNotYours
	}
	if _, err := c.Log.Append(ctx, change.record(audit.NoteDeleted, note.number()+" by "+note.By)); err != nil {
		return err
	}
	return c.Board.deleteNote(ctx, change.Username, id)
}

// Handle says that the actor takes care of the user, has done so, or does not. It is refused with [ErrQuicker] where the handling is not
// any more the one of that version, "" before the first. The last failure of the user is what "done" is about; zero for none.
func (c *Changes) Handle(ctx context.Context, change Change, state State, version string, failure time.Time) error {
	sheets, err := c.Board.Sheets(ctx, change.Username)
	if err != nil {
		return err
	}
	if sheets[0].Handling.Version != version {
		return ErrQuicker
	}
	if _, err := c.Log.Append(ctx, change.record(audit.HandlingChanged, state.String())); err != nil {
		return err
	}
	wire := wireHandling{State: state, By: change.By.Name}
	if state == Done && !failure.IsZero() {
		wire.Failure = failure.UnixMilli()
	}
	return c.Board.handle(ctx, change.Username, version, wire, change.Keep)
}
