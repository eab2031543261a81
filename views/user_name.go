package views

import (
	"html/template"

	"github.com/gin-userlog/userlog/internal/directory"
	"github.com/gin-userlog/userlog/internal/printable"
)

// user writes a username. Characters that nobody would see stand as their numbers. If the name would be taken for another one, a note
// says that it is not.
func (m *markup) user(username string) *markup {
	m.raw(`<bdi>`)
	for part, hidden := range printable.Parts(username) {
		if hidden {
			m.raw(`<span class="hidden-character">[`).text(part).raw(`]</span>`)
		} else {
			m.text(part)
		}
	}
	m.raw(`</bdi>`)
	if other, found := printable.Lookalike(username); found {
		m.raw(` <span class="lookalike">`).sentence("name.not", parameters{Name: printable.Name(other)}).raw(`</span>`)
	}
	return m
}

// user is a username as HTML for a template.
func (c *catalogue) user(username string) (template.HTML, error) {
	return newMarkup(c, len(username)+64).user(username).template()
}

// lookalike is the name that a username would be taken for, or "".
func lookalike(username string) string {
	other, _ := printable.Lookalike(username)
	return printable.Name(other)
}

// People are what the host's directory knows of users.
type People struct {
	Known map[string]directory.Person // by username
	Lost  bool                        // the directory does not answer: more may be known
}

// person is what the directory says of one user, as templates show it. It is empty if the directory does not know the user.
type person struct {
	directory.Person
	Lost bool
}

// of is what is known of a user.
func (p People) of(username string) person { return person{p.Known[username], p.Lost} }
