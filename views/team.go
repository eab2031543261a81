package views

import (
	"slices"
	"strings"

	"github.com/gin-userlog/userlog/internal/printable"
	"github.com/gin-userlog/userlog/internal/team"
)

// Team is what agents know of each other about one user: what is noted, who takes care, and who looks at the log now.
type Team struct {
	Notes       []team.Note   // newest first
	Handling    team.Handling // as it holds now
	Looking     []string      // accounts, the reader's perhaps among them
	LookingLost bool          // Redis does not say who looks
	Lost        bool          // Redis does not say the rest
}

// Equal reports whether two teams are shown alike.
func (t Team) Equal(other Team) bool {
	return t.Lost == other.Lost && t.LookingLost == other.LookingLost && t.Handling == other.Handling && slices.Equal(t.Notes, other.Notes) && slices.Equal(t.Looking, other.Looking)
}

// Colleagues is a team as one reader is shown it.
type Colleagues struct {
	Team
	Username    string // whose log it is about
	Account     string // of the reader
	IsSuperuser bool   // the reader may delete the notes of others
}

// ColleaguesPartial renders the partial that replaces what a page shows of colleagues.
func (s *Set) ColleaguesPartial(lang string, c Colleagues) ([]byte, error) {
	html, err := s.part("colleagues", lang, colleagues{c})
	return partial("#colleagues", "outerMorph", html), err
}

// NoteSaidPartial renders the partial that answers a note, or its like.
func (s *Set) NoteSaidPartial(lang string, said *Message) ([]byte, error) {
	html, err := s.part("note-said", lang, said)
	return partial("#note-said", "outerHTML", html), err
}

// Note is the page for a note that could not be kept, with the text as it was typed. It shows nothing of the log, so that it is no look at it.
type Note struct {
	Layout
	Username string
	Text     string
	Message  *Message
}

// Note renders the page.
func (s *Set) Note(p Note) ([]byte, error) { return s.page("note", p.Lang, notePage{p}) }

// notePage is Note as its template reads it.
type notePage struct{ Note }

// MaxNote is how many characters a note may have.
func (notePage) MaxNote() int { return team.MaxNote }

// noteForm is the form for a note below what is shown of colleagues.
type noteForm struct{ Username string }

// MaxNote is how many characters a note may have.
func (noteForm) MaxNote() int { return team.MaxNote }

// colleagues is Colleagues as its template reads it.
type colleagues struct{ Colleagues }

// handling is who takes care of a user, as templates show it.
type handling struct {
	team.Handling
	moment
	own bool // of the reader
}

func newHandling(h team.Handling, account string) *handling {
	if h.State == team.Open {
		return nil
	}
	return &handling{h, momentOf(h.At), h.By == account}
}

// Key is the catalogue's key of the sentence, which names the account unless it is the reader's own.
func (h handling) Key() string {
	key := "team." + string(h.State)
	if h.own {
		key += ".own"
	}
	return key
}

// Who is the account that the sentence names; "" for the reader.
func (h handling) Who() string {
	if h.own {
		return ""
	}
	return printable.Name(h.By)
}

// Handled is who takes care of the user, nil where nobody does.
func (c colleagues) Handled() *handling { return newHandling(c.Handling, c.Account) }

// Others are those who look at the log now, without the reader.
func (c colleagues) Others() []string {
	return slices.DeleteFunc(slices.Clone(c.Looking), func(account string) bool { return account == c.Account })
}

// handlingAction is a button by which a reader says who takes care of the user.
type handlingAction struct{ Key, Value string }

// Actions are what the reader may say now. Each has the version of what the page shows, so that nobody is overruled unseen.
func (c colleagues) Actions() []handlingAction {
	action := func(key string, state team.State) handlingAction {
		return handlingAction{key, state.String() + " " + c.Handling.Version}
	}
	finish := action("team.finish", team.Done)
	switch h := c.Handling; {
	case h.State == team.OnIt && h.By == c.Account:
		return []handlingAction{finish, action("team.give-back", team.Open)}
	case h.State == team.OnIt:
		return []handlingAction{action("team.take-over", team.OnIt), finish}
	case h.State == team.Done:
		return []handlingAction{action("team.take", team.OnIt)}
	}
	return []handlingAction{action("team.take", team.OnIt), finish}
}

// noteRow is a note as templates show it.
type noteRow struct {
	team.Note
	moment
	Deletable bool
}

// Rows are the notes, the newest first.
func (c colleagues) Rows() []noteRow {
	rows := make([]noteRow, len(c.Notes))
	for i, note := range c.Notes {
		rows[i] = noteRow{note, momentOf(note.At), c.IsSuperuser || note.By == c.Account}
	}
	return rows
}

// Newest is the note that is shown where the others are folded away.
func (c colleagues) Newest() team.Note { return c.Notes[0] }

// NoteCount is how many notes there are.
func (c colleagues) NoteCount() int { return len(c.Notes) }

// Lines are the lines of the note.
func (r noteRow) Lines() []string { return strings.Split(r.Text, "\n") }
