package rules

import (
	"errors"
	"fmt"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// Kind says what a rule is about. Its values are a wire format.
type Kind string

// The kinds of rules.
const (
	ManyFail  Kind = "many-fail"  // requests of more than Count users fail on the same page within Window
	UserFails Kind = "user-fails" // a request of Username fails
)

// Limits of rules.
const (
	Window   = 5 * time.Minute
	MaxCount = 1000 // of Rule.Count
	MaxRules = 50
)

// Errors of [Rule.Check], [Rules.Add] and [Rules.Remove]. They are a person's to put right.
var (
	ErrCount   = fmt.Errorf("the number of users is 1 to %d", MaxCount)
	ErrUser    = errors.New("nobody can have this username")
	ErrTooMany = fmt.Errorf("there are %d rules at most: remove one first", MaxRules)
	ErrExists  = errors.New("there is such a rule already")
	ErrNoRule  = errors.New("there is no such rule any more")
	errNoKind  = errors.New("a rule of an unknown kind")
)

// Rule is what a team wants to be told of. A failure is one that troubles its user: see [store.Entry.Troubles].
type Rule struct {
	ID       string    `json:"-"` // unique; given by [Rules.Add]
	Kind     Kind      `json:"kind"`
	Count    int       `json:"count,omitempty"`    // of ManyFail
	Username string    `json:"username,omitempty"` // of UserFails
	By       string    `json:"by"`                 // the account that made it
	Made     time.Time `json:"made"`               // by Redis' clock; what failed before is not told
}

// Check returns an error that says why the rule can't be.
func (r Rule) Check() error {
	switch {
	case r.Kind == ManyFail && (r.Count < 1 || r.Count > MaxCount):
		return ErrCount
	case r.Kind == UserFails && (store.CheckUsername(r.Username) != nil || store.IsVisitor(r.Username)):
		return ErrUser
	case r.Kind != ManyFail && r.Kind != UserFails:
		return errNoKind
	}
	return nil
}

// isLike reports whether two rules say the same.
func (r Rule) isLike(other Rule) bool {
	return r.Kind == other.Kind && r.Count == other.Count && r.Username == other.Username
}

// detail says in the audit log what the rule is about, besides a username.
func (r Rule) detail() string {
	if r.Kind == ManyFail {
		return fmt.Sprintf("more than %d users fail on the same page within %d min", r.Count, int(Window.Minutes()))
	}
	return "a request fails"
}
