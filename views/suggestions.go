package views

import (
	"time"

	"github.com/gin-userlog/userlog/store"
)

// Suggestions are the answer to what is being typed into the search field.
type Suggestions struct {
	Lang  string
	Users []store.Seen
	More  bool      // there are more users than these
	Now   time.Time // by which it is told who is there; zero = when it is rendered
}

// Suggestions renders the options of the search field's list, and a sentence that says how many they are.
func (s *Set) Suggestions(p Suggestions) ([]byte, error) { return s.part("suggestions", p.Lang, p) }

// Count is how many users are suggested.
func (p Suggestions) Count() int { return len(p.Users) }

// Seen is Users as the list shows them.
func (p Suggestions) Seen() []seen {
	if p.Now.IsZero() {
		p.Now = time.Now()
	}
	return seenAt("", p.Users, p.Now)
}
