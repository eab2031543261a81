package team

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-userlog/userlog/internal/printable"
)

// Limits of notes.
const (
	MaxNote  = 500 // characters
	MaxNotes = 20  // of one user: the oldest makes room, of those whose author has the most

	maxBytes  = 4 * MaxNote
	maxAuthor = 256 // bytes, as in the audit log
)

// Errors of notes. [ErrNoteEmpty] and [ErrNoteLong] are about what was typed.
var (
	ErrNoteEmpty = errors.New("the note is empty")
	ErrNoteLong  = errors.New("the note is too long")
	ErrNoNote    = errors.New("there is no such note any more")
	ErrNotYours  = errors.New("the note is somebody else's")
)

// Note is what an agent has written about a user.
type Note struct {
	ID   string
	By   string    // the account that wrote it
	At   time.Time // by Redis' clock
	Text string    // of at most [MaxNote] characters, perhaps of several lines; only the masking of a secret can make it a little longer
}

// number is what the audit log names the note by.
func (n Note) number() string {
	_, number, _ := strings.Cut(n.ID, ":")
	return number
}

// CheckNote returns a text that was typed as it is kept: without what can't be seen or rearranges its surroundings. The
// error is [ErrNoteEmpty] or [ErrNoteLong].
func CheckNote(text string) (string, error) {
	if len(text) > 4*maxBytes { // with blanks and what can't be seen
		return "", ErrNoteLong
	}
	text = cleaned(text)
	switch {
	case text == "":
		return "", ErrNoteEmpty
	case utf8.RuneCountInString(text) > MaxNote:
		return "", ErrNoteLong
	}
	return text, nil
}

// cleaned is a text with one blank between words, without empty lines and without characters that nobody sees.
func cleaned(text string) string {
	text = strings.ToValidUTF8(text, "")
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' })
	kept := lines[:0]
	for _, line := range lines {
		if line = visible(line); line != "" {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// visible is what can be seen of one line.
func visible(line string) string {
	var seen strings.Builder
	for part, hidden := range printable.Parts(strings.Join(strings.Fields(line), " ")) {
		if !hidden {
			seen.WriteString(part)
		}
	}
	return strings.Join(strings.Fields(seen.String()), " ")
}

// wireNote is a note as Redis has it; its field has the rest.
type wireNote struct {
	By   string `json:"by"`
	Text string `json:"text"`
}

const (
	noteField     = "note:"
	handlingField = "handling"
)

// parseNote reads a field of a sheet. A text that somebody else has put there is no note, or is shown as a typed one would be.
func parseNote(field, value string) (Note, bool) {
	id, ok := strings.CutPrefix(field, noteField)
	ms, _, whole := strings.Cut(id, ":")
	at, err := strconv.ParseInt(ms, 10, 64)
	var wire wireNote
	if !ok || !whole || err != nil || len(id) > 64 || json.Unmarshal([]byte(value), &wire) != nil {
		return Note{}, false
	}
	note := Note{ID: id, By: cut(wire.By, maxAuthor), At: time.UnixMilli(at).UTC(), Text: cut(cleaned(wire.Text), 2*maxBytes)}
	return note, note.By != "" && note.Text != ""
}

// cut returns the beginning of a text, of some bytes at most, as UTF-8.
func cut(text string, most int) string {
	if len(text) > most {
		text = text[:most]
	}
	return strings.ToValidUTF8(text, "")
}

// newestFirst orders notes.
func newestFirst(notes []Note) []Note {
	slices.SortFunc(notes, func(a, b Note) int { return cmp.Or(b.At.Compare(a.At), strings.Compare(b.ID, a.ID)) })
	return notes[:min(len(notes), MaxNotes)]
}
