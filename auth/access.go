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
// returned all the same. The call takes four round trips at most to Redis, however many accesses there are. If the last three fail, it asks
// again about each access by itself, because a Cluster's masters have different sessions. That has half the time of ctx.
func (c *AccessCheck) Ended(ctx context.Context, accesses []Access) ([]Access, error) {
	if len(accesses) == 0 {
		return nil, nil
	}
	names := make([]string, 0, len(accesses))
	for _, a := range accesses {
		names = append(names, a.Account)
	}
	accounts, err := c.accounts.read(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("look accounts up: %w", err)
	}
	hold, err := c.proofsHold(ctx, accesses, accounts)
	var ended []Access
	for i, a := range accesses {
		if !hold[i] || !accounts.allow(a) {
			ended = append(ended, a)
		}
	}
	return ended, err
}

// proofsHold reports of each access whether what it was proved with is still there. With an error, some of it could not be asked for, and
// passes for being there.
func (c *AccessCheck) proofsHold(ctx context.Context, accesses []Access, accounts storedAccounts) ([]bool, error) {
	hold := make([]bool, len(accesses))
	if len(accesses) == 1 {
		found, err := c.proofsOf(ctx, accesses...)
		hold[0] = err != nil || found.hold(accesses[0], accounts)
		return hold, err
	}
	together, cancel := halfOf(ctx)
	defer cancel()
	found, err := c.proofsOf(together, accesses...)
	if err == nil {
		for i, a := range accesses {
			hold[i] = found.hold(a, accounts)
		}
		return hold, nil
	}
	var questions sync.WaitGroup
	for i, a := range accesses {
		questions.Go(func() {
			found, err := c.proofsOf(ctx, a)
			hold[i] = err != nil || found.hold(a, accounts)
		})
	}
	questions.Wait()
	return hold, err
}

// halfOf is a context with half the time that ctx has left. One without a deadline is returned as it is.
func halfOf(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, time.Until(deadline)/2)
}

// allow reports whether the account of an access lets it go on. The proof of an access is another question.
func (all storedAccounts) allow(a Access) bool {
	r, known := all[a.Account]
	switch a.Via {
	case ViaSession, ViaToken:
		return known && !r.Disabled && r.Generation == a.generation && r.Role == a.Role
	case ViaSignOn: // an account of that name here is no condition
		return !r.Disabled && r.Generation == a.generation
	case ViaHost, ViaHostToken:
		return true
	}
	return !known || !r.Disabled && r.Role == a.Role
}

// proofs are the sessions and tokens that accesses were proved with, by their ids.
type proofs struct {
	sessions map[string]storedSession
	signOns  storedSignOns
	tokens   map[string]storedToken
	at       time.Time // when they were read
}

// proofsOf reads what accesses were proved with.
func (c *AccessCheck) proofsOf(ctx context.Context, accesses ...Access) (found proofs, err error) {
	var sessionIDs, signOnIDs, tokenIDs []string
	for _, a := range accesses {
		switch a.Via {
		case ViaSession:
			sessionIDs = append(sessionIDs, a.ID)
		case ViaSignOn:
			sessionIDs, signOnIDs = append(sessionIDs, a.ID), append(signOnIDs, a.ID)
		case ViaToken:
			tokenIDs = append(tokenIDs, a.ID)
		}
	}
	if found.sessions, err = c.sessions.store.use(ctx, sessionIDs); err != nil {
		return found, fmt.Errorf("look sessions up: %w", err)
	}
	if found.signOns, err = readSignOns(ctx, c.sessions.store, signOnIDs); err != nil {
		return found, fmt.Errorf("look sessions of the provider up: %w", err)
	}
	if found.tokens, err = c.tokens.load(ctx, tokenIDs...); err != nil {
		return found, fmt.Errorf("look tokens up: %w", err)
	}
	found.at = c.sessions.store.now()
	return found, nil
}

// hold reports whether what an access was proved with is still there, and gives the same access.
func (p proofs) hold(a Access, accounts storedAccounts) bool {
	switch a.Via {
	case ViaSession:
		_, open := p.sessions[a.ID]
		return open && accounts.access(a.Account, a.generation, a.Via, a.ID) == a
	case ViaSignOn:
		_, open := p.sessions[a.ID]
		return open && p.signOns.access(a.Account, a.ID, accounts, p.at) == a
	case ViaToken:
		token, open := p.tokens[a.ID]
		return open && token.access(a.ID, accounts) == a
	}
	return true
}
