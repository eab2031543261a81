package auth

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Access is the account that makes a request, and its right to. The zero Access is nobody's. It can be compared.
//
// An Access with an account and without a role belongs to a person who is known and may do nothing, such as a
// customer of the host.
type Access struct {
	Account string // the account's name, or what the host or a proxy calls the person
	Role    Role
	Via     Via
	ID      string // of the session or token, as lists of them name it; "" for others

	SecondFactor bool // the account has one here, or the token needs none; false for the logins of a host or a proxy

	generation int64 // of the account, when the session or token began
}

// Via is how a person or program has proved its account. Its texts are written to the audit log.
type Via string

// The ways to prove an account.
const (
	ViaSession   Via = "browser"    // a session of our own login
	ViaSignOn    Via = "sign-on"    // a session that began at a provider (single sign-on)
	ViaToken     Via = "token"      // a program's token
	ViaProxy     Via = "proxy"      // a header that a trusted proxy has set
	ViaHost      Via = "host"       // the host application's own login
	ViaHostToken Via = "host-token" // a program's token of the host application
	ViaTerminal  Via = "terminal"   // a command, by the name that the operating system gives its user
)

// viaPassword is how an [Allowance] counts what was done by giving the right password. It is counted apart, so that
// neither a stolen session nor a token can use it up.
const viaPassword Via = "password"

// viaCode is how [SupportCodes] counts codes.
const viaCode = "code"

// viaRefused is how an [Allowance] counts what an account was refused.
const viaRefused Via = "refused"

// viaNote is how notes about customers are counted.
const viaNote Via = "note"

// AccessCheck asks again, for those who keep a connection open, whether they still may.
type AccessCheck struct {
	sessions *Sessions
	tokens   *Tokens
	accounts accountStore
}

// NewAccessCheck returns a check of what sessions and tokens have let in.
func NewAccessCheck(sessions *Sessions, tokens *Tokens) *AccessCheck {
	return &AccessCheck{sessions: sessions, tokens: tokens, accounts: tokens.accounts}
}

// Ended returns which of the accesses are no longer valid. Such an access has lost its session or
// token, or its account was disabled or has got another role.
//
// A session whose connection is still open is in use, and does not end for being idle. For the login
// of a host or a proxy there is nothing to ask but an account of the same name, if there is one.
//
// An error means that Redis didn't answer, and that nothing is known of some accesses. Those that are known to have ended are
// returned all the same. The call takes four round trips at most to Redis, however many accesses there are. If that fails, it asks
// about each access by itself, because a Cluster's masters have different sessions. It uses half the time of ctx for that.
func (c *AccessCheck) Ended(ctx context.Context, accesses []Access) ([]Access, error) {
	if len(accesses) < 2 {
		return c.endedOf(ctx, accesses...)
	}
	together, cancel := halfOf(ctx)
	defer cancel()
	ended, err := c.endedOf(together, accesses...)
	if err != nil {
		ended = c.endedOfEach(ctx, accesses)
	}
	return ended, err
}

// endedOfEach asks about each access by itself, about all at the same time.
func (c *AccessCheck) endedOfEach(ctx context.Context, accesses []Access) []Access {
	over := make([]bool, len(accesses))
	var questions sync.WaitGroup
	for i, a := range accesses {
		questions.Go(func() {
			ended, err := c.endedOf(ctx, a)
			over[i] = err == nil && len(ended) > 0
		})
	}
	questions.Wait()
	var ended []Access
	for i, a := range accesses {
		if over[i] {
			ended = append(ended, a)
		}
	}
	return ended
}

// halfOf is a context with half the time that ctx has left. One without a deadline is returned as it is.
func halfOf(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, time.Until(deadline)/2)
}

// endedOf asks about all accesses at once.
func (c *AccessCheck) endedOf(ctx context.Context, accesses ...Access) ([]Access, error) {
	valid, err := c.valid(ctx, accesses)
	if err != nil {
		return nil, err
	}
	var ended []Access
	for _, a := range accesses {
		if !valid(a) {
			ended = append(ended, a)
		}
	}
	return ended, nil
}

// valid reads what Redis knows about the accesses, and returns the function that judges one of them.
func (c *AccessCheck) valid(ctx context.Context, accesses []Access) (func(Access) bool, error) {
	if len(accesses) == 0 {
		return nil, nil
	}
	var names, sessionIDs, signOnIDs, tokenIDs []string
	for _, a := range accesses {
		names = append(names, a.Account)
		switch a.Via {
		case ViaSession:
			sessionIDs = append(sessionIDs, a.ID)
		case ViaSignOn:
			sessionIDs, signOnIDs = append(sessionIDs, a.ID), append(signOnIDs, a.ID)
		case ViaToken:
			tokenIDs = append(tokenIDs, a.ID)
		}
	}
	accounts, err := c.accounts.read(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("look accounts up: %w", err)
	}
	sessions, err := c.sessions.store.use(ctx, sessionIDs)
	if err != nil {
		return nil, fmt.Errorf("look sessions up: %w", err)
	}
	signOns, err := readSignOns(ctx, c.sessions.store, signOnIDs)
	if err != nil {
		return nil, fmt.Errorf("look sessions of the provider up: %w", err)
	}
	tokens, err := c.tokens.load(ctx, tokenIDs...)
	if err != nil {
		return nil, fmt.Errorf("look tokens up: %w", err)
	}
	return func(a Access) bool {
		switch a.Via {
		case ViaSession:
			_, open := sessions[a.ID]
			return open && accounts.access(a.Account, a.generation, a.Via, a.ID) == a
		case ViaSignOn:
			_, open := sessions[a.ID]
			return open && signOns.access(a.Account, a.ID, accounts) == a
		case ViaToken:
			token, open := tokens[a.ID]
			return open && token.access(a.ID, accounts) == a
		}
		r, known := accounts[a.Account]
		return !known || a.Via == ViaHost || a.Via == ViaHostToken || !r.Disabled && r.Role == a.Role
	}, nil
}
