package views

import (
	"html/template"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/internal/printable"
	"github.com/gin-userlog/userlog/store"
)

// visitorKey is the catalogue's key for the name of a visitor, such as "Visitor k3f9".
const visitorKey = "visitor.name"

// becameKey is the catalogue's key for as whom a visitor has logged in.
const becameKey = "now.became"

// shown is a username as a part of a sentence. A visitor has a few letters, by which two are told apart.
func (c *catalogue) shown(username string) (string, error) {
	if !store.IsVisitor(username) {
		return printable.Name(username), nil
	}
	return c.named(visitorKey, visitorLetters(username))
}

// visitorLetters are those by which a visitor is told from others.
func visitorLetters(username string) string {
	_, letters, _ := strings.Cut(username, ":")
	return letters[:min(len(letters), 4)]
}

// searched is the username that the search field shows of a log. Nobody types that of a visitor.
func searched(username string) string {
	if store.IsVisitor(username) {
		return ""
	}
	return username
}

// Call is a customer's call that the reader of a log has taken by a code.
type Call struct {
	store.Support
	Left time.Duration // until the code ends, at the moment of the answer
}

// helped is Call as templates read it.
type helped struct {
	Agent, Word string
	Seconds     int // how long the customer sees it, for the script
}

// newHelped returns nil for none.
func newHelped(c *Call) *helped {
	if c == nil {
		return nil
	}
	return &helped{printable.Name(c.Agent), c.Word, int(c.Left.Seconds())}
}

// helped is the sentence with the word that both see.
func (c *catalogue) helped(h helped) (template.HTML, error) {
	return c.isolate("support.speaking", parameters{Name: h.Agent, Other: h.Word})
}

// identified writes that a visitor made a request, or who the visitor is since then. The links are relative to the pages of logs.
func (m *markup) identified(e identity) {
	if e.Visitor != "" {
		m.raw(` <span class="note visitor"><a href="`).text(link("", "live", e.Visitor)).raw(`">`).t("visitor.was").raw(`</a></span>`)
	}
	if e.Became != "" {
		m.raw(` <span class="note became"><a href="`).text(link("", "live", e.Became)).raw(`">`)
		m.sentence("visitor.became", parameters{Name: printable.Name(e.Became)}).raw(`</a></span>`)
	}
}

// becameNow writes as which user the visitor goes on. It stands in the place of the page where the visitor is: that user's log says
// where.
func (m *markup) becameNow(username string) {
	m.raw(`<a class="became" href="`).text(link("", "live", username)).raw(`">`)
	m.sentence(becameKey, parameters{Name: printable.Name(username)}).raw(`</a>`)
}

// who is the same as Markdown.
func (c *catalogue) who(e identity) (string, error) {
	switch {
	case e.Became != "":
		became, err := c.plain("visitor.became", parameters{Name: printable.Name(e.Became)})
		return " " + became, err
	case e.Visitor != "":
		was, err := c.plain("visitor.was", parameters{})
		return " " + was, err
	}
	return "", nil
}

// identity is who made a request, where that is not plainly the user of the log.
type identity struct {
	Visitor string // under which name it was recorded, before the user logged in; or ""
	Became  string // as whom the visitor of the log has logged in by it; or ""
}
