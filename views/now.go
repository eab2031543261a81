package views

import (
	"html/template"
	"time"

	"github.com/gin-userlog/userlog/journey"
)

// Now is where a user is and how it goes, at a moment: one sentence, and what there is to worry about.
type Now struct {
	Username string
	Where    journey.Now
	Hints    []journey.Hint
}

// NowAt looks at a journey.
func NowAt(username string, f *journey.Folder, at time.Time) Now {
	return Now{Username: username, Where: f.Now(at), Hints: f.Hints()}
}

// Now renders the #now element.
func (s *Set) Now(lang string, n Now) ([]byte, error) { return s.part("now", lang, n) }

// NowPartial makes the frame that replaces #now with what [Set.Now] rendered.
func NowPartial(now []byte) []byte { return partial("#now", "outerHTML", now) }

// NewestPartial makes the frame that tells the page the id of the newest entry that it has.
func NewestPartial(id string) []byte {
	return partial("#newest", "outerHTML", []byte(`<i id="newest" hidden data-id="`+template.HTMLEscapeString(id)+`"></i>`))
}

// Known says whether anything is known of where the user is.
func (n Now) Known() bool { return !n.Where.Since.IsZero() }

// Page is what the page is called where the user is.
func (n Now) Page() string { return pageName(n.Where.Page, n.Where.Path) }

// Since is when the user last did something, for the page to count from.
func (n Now) Since() string { return timestamp(n.Where.Since) }

// Idle is how long nothing was done, as it was rendered.
func (n Now) Idle() time.Duration { return n.Where.Idle }

// ProblemKey is the catalogue's key for the sentence about the last problem.
func (n Now) ProblemKey() string { return problemKey(n.Where.Problem.Entry.Code) }

func problemKey(code int) string {
	switch {
	case code == 404 || code == 410:
		return "now.problem.not-found"
	case code == 401 || code == 403:
		return "now.problem.forbidden"
	case code >= 500:
		return "now.problem.broken"
	}
	return "now.problem.rejected"
}

// problemKeys is every key that a problem may ask for, for the check that the catalogues are complete.
func problemKeys() []string {
	keys := []string{problemKey(404), problemKey(403), problemKey(500), problemKey(422)}
	for _, kind := range []journey.HintKind{journey.HintFailures, journey.HintRepeated, journey.HintRedirects, journey.HintLogin} {
		keys = append(keys, hintRow{journey.Hint{Kind: kind}}.Key())
	}
	return keys
}

// ProblemName is what failed.
func (n Now) ProblemName() string {
	return pageName(n.Where.Problem.Entry.Page, n.Where.Problem.Entry.Path)
}

// Problem is the request that failed last; [Now.Where] says whether there is one.
func (n Now) Problem() row { return row{Entry: n.Where.Problem.Entry} }

// recent is how long a problem is in the title of the window.
const recent = 5 * time.Minute

// Troubled says whether the title of the window speaks of the last problem.
func (n Now) Troubled() bool {
	p := n.Where.Problem
	return p != nil && n.Where.Since.Sub(p.Entry.Time) < recent
}

// Reasons are the hints as they are shown.
func (n Now) Reasons() []hintRow {
	rows := make([]hintRow, len(n.Hints))
	for i, h := range n.Hints {
		rows[i] = hintRow{h}
	}
	return rows
}

// hintRow is a hint as the template sees it.
type hintRow struct{ journey.Hint }

// Key is the catalogue's key for the sentence that says what is wrong, and why that is shown.
func (h hintRow) Key() string { return "hint." + string(h.Kind) }

// Timestamp is when it began.
func (h hintRow) Timestamp() string { return timestamp(h.Since) }

// UTC is what is shown where there is no script.
func (h hintRow) UTC() string { return utc(h.Since) }

// Where is the address that shows it.
func (h hintRow) Where() string {
	if len(h.Entries) == 0 {
		return ""
	}
	last := h.Entries[len(h.Entries)-1]
	return pageName(last.Page, last.Path)
}

// sentence is a message with a name and a number, as HTML in which the name stands out.
func (c *catalogue) sentence(key, name string, count int) (template.HTML, error) {
	return c.isolate(key, count, name)
}
