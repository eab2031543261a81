package auth

import (
	"fmt"
	"time"

	"github.com/gin-gonic/gin"
)

// waitingLifetime is how long a second factor is waited for.
const waitingLifetime = 10 * time.Minute

// Await notes that the browser of the request has given the right password of an account that has a second factor, too. Nobody is
// logged in by that: what asks for a session finds none. As [Sessions.LogIn] does, it ends the session that the request came with and
// all that it held. Call it before the response's header is written.
func (s *Sessions) Await(c *gin.Context, account Account) error {
	session, err := s.session(c)
	if err != nil {
		return fmt.Errorf("wait for a second factor: %w", err)
	}
	if _, err := s.store.discard(c.Request.Context(), session); err != nil {
		return fmt.Errorf("wait for a second factor: %w", err)
	}
	session.Values[storedKey{}] = storedSession{Waiting: account.Name, Generation: account.generation}
	if err := s.store.Save(c.Request, c.Writer, session); err != nil {
		clear(session.Values)
		return fmt.Errorf("wait for a second factor: %w", err)
	}
	return nil
}

// Waiting returns the account whose password the browser of the request has given within ten minutes, as it was then. It is not ok
// where there is none, or where the account has changed meanwhile. An error means that Redis didn't answer.
func (s *Sessions) Waiting(c *gin.Context) (account Account, ok bool, err error) {
	session, err := s.session(c)
	if err != nil {
		return Account{}, false, fmt.Errorf("ask who waits for a second factor: %w", err)
	}
	state, _ := session.Values[storedKey{}].(storedSession)
	if state.Waiting == "" || s.store.now().Sub(time.Unix(state.Created, 0)) >= waitingLifetime {
		return Account{}, false, nil
	}
	found, err := s.accounts.read(c.Request.Context(), state.Waiting)
	if err != nil {
		return Account{}, false, fmt.Errorf("ask who waits for a second factor: %w", err)
	}
	r, known := found[state.Waiting]
	if !known || r.Disabled || r.Generation != state.Generation {
		return Account{}, false, nil
	}
	return r.account(state.Waiting), true, nil
}
