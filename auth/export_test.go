package auth

import "time"

// Lifetimes, for tests that let sessions and reasons grow old.
const (
	SessionIdle     = sessionIdle
	SessionLifetime = sessionLifetime
	ReasonLifetime  = reasonLifetime
)

// Keys, for tests that look at what Redis holds.

func (k Keys) Accounts() string                   { return k.accounts() }
func (k Keys) AccountSessions(name string) string { return k.accountSessions(name) }
func (k Keys) AccountTokens(name string) string   { return k.accountTokens(name) }
func (k Keys) Session(hash string) string         { return k.session(hash) }
func (k Keys) Ticket(hash string) string          { return k.ticket(hash) }
func (k Keys) Token(hash string) string           { return k.token(hash) }
func (k Keys) LoginAttempts(subject string) string {
	return k.loginAttempts(subject)
}

// CodeStepOf is codeStepOf, for tests with codes of the standard.
func CodeStepOf(seed, code string, now time.Time) (int64, bool) { return codeStepOf(seed, code, now) }
