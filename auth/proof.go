package auth

import (
	"fmt"
	"maps"

	"github.com/gin-gonic/gin"
)

// IsProven reports whether the owner of the request's session has proved within [ProofLifetime] who she is: by logging in or, after that,
// by [Sessions.Prove]. An error means that Redis didn't answer.
func (s *Sessions) IsProven(c *gin.Context) (bool, error) {
	session, err := s.session(c)
	if err != nil {
		return false, fmt.Errorf("ask when a session was proven: %w", err)
	}
	state, _ := session.Values[storedKey{}].(storedSession)
	return state.isProven(s.store.now()), nil
}

// Prove notes that the owner of the request's session has proved again who she is. The session gets a new secret, and a copy of the old
// one is worth nothing. It lasts as long as it would have. Prove returns the access of the session under its new ID, or [ErrNoSession]
// where the session has ended meanwhile. Any other error is the failure of Redis or ctx, after which the session may have ended.
// Call it before the response's header is written.
func (s *Sessions) Prove(c *gin.Context) (Access, error) {
	session, err := s.session(c)
	if err != nil {
		return Access{}, fmt.Errorf("prove a session: %w", err)
	}
	values := make(map[any]any, len(session.Values))
	maps.Copy(values, session.Values)
	ended, err := s.store.discard(c.Request.Context(), session)
	if err != nil {
		return Access{}, fmt.Errorf("prove a session: %w", err)
	}
	state, _ := values[storedKey{}].(storedSession)
	if !ended || state.Account == "" {
		return Access{}, ErrNoSession
	}
	state.Proven = s.store.now().Unix()
	values[storedKey{}] = state
	session.Values = values
	if err := s.store.Save(c.Request, c.Writer, session); err != nil {
		clear(session.Values)
		return Access{}, fmt.Errorf("prove a session: %w", err)
	}
	return s.Access(c)
}
