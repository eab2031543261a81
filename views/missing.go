package views

import (
	"strings"

	"github.com/gin-userlog/userlog/store"
)

// missing says how many requests are missing at a place in a log. Of those that pages made by themselves it speaks only where
// nothing else is missing.
func (c *catalogue) missing(g *store.Gap) (string, error) {
	var sentences []string
	var failed error
	say := func(text string, err error) {
		sentences = append(sentences, text)
		if failed == nil {
			failed = err
		}
	}
	if g.Dropped > 0 {
		say(c.counted("missing.dropped", g.Dropped))
	}
	if g.Indeterminate > 0 {
		say(c.counted("missing.indeterminate", g.Indeterminate))
	}
	if g.Unnamed > 0 {
		say(c.text("table.gap"))
	}
	if g.NotKept > 0 {
		say(c.counted("missing.not-kept", g.NotKept))
	}
	if len(sentences) == 0 {
		say(c.counted("missing.background", g.Background))
	}
	return strings.Join(sentences, " "), failed
}

// missingRow is what is missing before a request, as it is written.
type missingRow struct {
	DOMID          string
	Gap            *store.Gap
	Base, Username string // of everyone's log; else ""
}

func newMissingRow(e *store.Entry, base, username string) missingRow {
	return missingRow{DOMID: domID("gap", e.ID), Gap: e.Gap, Base: base, Username: username}
}

// missing writes the row of a gap. Where a person would miss nothing there, or only what is too old, it is a quiet one.
func (m *markup) missing(r missingRow) {
	class, cells := literal("omitted"), columns(r.Username != "").Count()
	if lost := *r.Gap; lost.Dropped+lost.Indeterminate+lost.Unnamed > 0 {
		class = "gap"
	}
	m.raw(`<tr role="row" id="`).text(r.DOMID).raw(`" class="`).raw(class).raw(`"><td role="cell" colspan="`).number(cells).raw(`">`)
	if r.Username != "" {
		m.raw(`<a href="`).text(link(r.Base, "/live", r.Username)).raw(`">`).user(r.Username).raw(`</a> · `)
	}
	text, err := m.catalogue.missing(r.Gap)
	m.note(err).text(text).raw(`</td></tr>`)
}

// MissingRow renders the row of everyone's log which says what is missing before an entry that has a Gap.
func (s *Set) MissingRow(lang, base string, e *store.Entry) ([]byte, error) {
	m := newMarkup(s.catalogue(lang), rowSize)
	m.missing(newMissingRow(e, base, e.Username))
	return m.bytes()
}

// Missing says what is missing at a place in a log, such as 3 requests are missing here.
func (w Words) Missing(g *store.Gap) string {
	text, _ := w.catalogue.missing(g) // as in text
	return text
}
