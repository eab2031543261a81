package auth

import (
	"fmt"

	"github.com/gin-gonic/gin"
)

// Ending is how the session ended that a browser still has the cookie of. The zero Ending is none's: the browser was not
// logged in, or has logged out.
type Ending struct {
	Ended    bool
	Disabled string // the name of its account, where that has been disabled; else ""
}

// Ending says why nobody is logged in, for a request of which [Sessions.Access] has said so. Only a browser that has the
// secret of a session learns that its account is disabled. An error means that Redis didn't answer.
func (s *Sessions) Ending(c *gin.Context) (Ending, error) {
	session, err := s.session(c)
	if err != nil {
		return Ending{}, fmt.Errorf("ask how a session ended: %w", err)
	}
	state, _ := session.Values[storedKey{}].(storedSession)
	if state.Account == "" {
		return Ending{Ended: session.IsNew && s.holdsSecret(c)}, nil
	}
	found, err := s.accounts.read(c.Request.Context(), state.Account)
	if err != nil {
		return Ending{}, fmt.Errorf("ask whose session ended: %w", err)
	}
	ending := Ending{Ended: true}
	if found[state.Account].Disabled {
		ending.Disabled = state.Account
	}
	return ending, nil
}

// holdsSecret reports whether a request has a cookie as sessions have it.
func (s *Sessions) holdsSecret(c *gin.Context) bool {
	cookie, err := c.Request.Cookie(s.store.cookies.name(c.Request))
	if err != nil {
		return false
	}
	_, ok := hashSecret(cookie.Value)
	return ok
}
