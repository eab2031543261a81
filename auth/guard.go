package auth

import (
	"context"
	"fmt"
)

// Guard asks again, for those who keep a connection open, whether they still may.
type Guard struct {
	sessions *Sessions
	tokens   *Tokens
	book     accountBook
}

// NewGuard returns a guard of what sessions and tokens have let in.
func NewGuard(sessions *Sessions, tokens *Tokens) *Guard {
	return &Guard{sessions: sessions, tokens: tokens, book: tokens.book}
}

// Ended returns which of the accesses are no longer valid: because their session or token has ended,
// or their account was disabled, or is another's role. A session whose connection is still open is in
// use, and does not end for being idle. Who came by the host's or a proxy's login is only asked about
// where the name has an account. An error means that Redis didn't answer and nothing is known.
//
// It takes three round trips to Redis, however many accesses there are.
func (g *Guard) Ended(ctx context.Context, accesses []Access) ([]Access, error) {
	var names, sessionIDs, tokenIDs []string
	for _, a := range accesses {
		names = append(names, a.Account)
		switch a.Via {
		case ViaSession:
			sessionIDs = append(sessionIDs, a.ID)
		case ViaToken:
			tokenIDs = append(tokenIDs, a.ID)
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	accounts, err := g.book.read(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("look accounts up: %w", err)
	}
	sessions, err := g.sessions.store.use(ctx, sessionIDs)
	if err != nil {
		return nil, fmt.Errorf("look sessions up: %w", err)
	}
	tokens, err := g.tokens.load(ctx, tokenIDs...)
	if err != nil {
		return nil, fmt.Errorf("look tokens up: %w", err)
	}
	var ended []Access
	for _, a := range accesses {
		var valid bool
		switch a.Via {
		case ViaSession:
			_, valid = sessions[a.ID]
			valid = valid && accounts.access(a.Account, a.generation, a.Via, a.ID) == a
		case ViaToken:
			_, valid = tokens[a.ID]
			valid = valid && accounts.access(a.Account, a.generation, a.Via, a.ID) == a
		default:
			e, known := accounts[a.Account]
			valid = !known || a.Via == ViaHost || !e.Disabled && e.Role == a.Role
		}
		if !valid {
			ended = append(ended, a)
		}
	}
	return ended, nil
}

// access is what an account allows somebody whose session or token is of the generation: the zero
// Access where it has ended.
func (b book) access(account string, generation int64, via Via, id string) Access {
	e, ok := b[account]
	if !ok || e.Disabled || e.Generation != generation {
		return Access{}
	}
	return Access{Account: account, Role: e.Role, Via: via, ID: id, generation: generation}
}
