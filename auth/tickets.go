package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
)

// TicketLifetime is how long a ticket can be used.
const TicketLifetime = 20 * time.Second

// Limits of the tickets of one account: so many at once, and in the long run so many a minute. A page needs one each time it
// connects, and an account may have a hundred pages that connect again each minute.
const (
	ticketsAtOnce    = 300
	ticketsPerMinute = 300
)

// storedTicket is a ticket in Redis.
type storedTicket struct {
	Account    string `json:"account"`
	Role       Role   `json:"role"`
	Via        Via    `json:"via"`
	ID         string `json:"id,omitempty"` // of the session
	Generation int64  `json:"generation,omitempty"`
	Username   string `json:"username,omitempty"` // whose log; "" for everyone's

	SecondFactor bool `json:"second_factor,omitempty"`
}

func (t storedTicket) access() Access {
	return Access{Account: t.Account, Role: t.Role, Via: t.Via, ID: t.ID, SecondFactor: t.SecondFactor, generation: t.Generation}
}

// Tickets let a page open one live log at another host, which knows no cookie of ours. A ticket is 32 random bytes, and works
// once, within [TicketLifetime], for the account, the session and the log that it was made for.
type Tickets struct {
	client redis.UniversalClient
	keys   Keys
	check  *AccessCheck
	limit  *rateLimit
}

// NewTickets returns the tickets that client's Redis holds. It doesn't connect, and doesn't close client. The check says which
// accesses have ended since their ticket was made.
func NewTickets(client redis.UniversalClient, keys Keys, check *AccessCheck) *Tickets {
	return &Tickets{client: client, keys: keys, check: check, limit: newRateLimit(client)}
}

// Make makes a ticket for the log of username, "" for everyone's, with which the access can be used elsewhere. It returns the
// secret, which is kept nowhere. Where the account has had too many tickets, there is no secret, and wait says when to try
// again. An error is the failure of Redis or ctx.
func (t *Tickets) Make(ctx context.Context, a Access, username string) (secret string, wait time.Duration, err error) {
	wait, err = t.limit.count(ctx, t.keys.ticketsMade(a.Account), redis_rate.Limit{Rate: ticketsPerMinute, Burst: ticketsAtOnce, Period: time.Minute})
	if err != nil || wait > 0 {
		return "", wait, wrapTicket(err)
	}
	line, err := json.Marshal(storedTicket{a.Account, a.Role, a.Via, a.ID, a.generation, username, a.SecondFactor})
	if err != nil {
		return "", 0, wrapTicket(err)
	}
	secret = newSecret()
	hash, _ := hashSecret(secret) // a secret of our own always has one
	if err := t.client.Set(ctx, t.keys.ticket(hash), line, TicketLifetime).Err(); err != nil {
		return "", 0, wrapTicket(err)
	}
	return secret, 0, nil
}

func wrapTicket(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("make a ticket: %w", err)
}

// Use returns the access that a ticket stands for, and takes the ticket away, whatever comes of it. It is the zero Access where
// the ticket is wrong, was used or has expired, where it is for another log, and where the access has ended meanwhile. Of several
// calls with one ticket, in any processes, one gets the access. An error means that Redis didn't answer and nothing is known.
func (t *Tickets) Use(ctx context.Context, secret, username string) (Access, error) {
	hash, ok := hashSecret(secret)
	if !ok {
		return Access{}, nil
	}
	line, err := t.client.GetDel(ctx, t.keys.ticket(hash)).Bytes()
	switch {
	case errors.Is(err, redis.Nil):
		return Access{}, nil
	case err != nil:
		return Access{}, fmt.Errorf("use a ticket: %w", err)
	}
	var ticket storedTicket
	if json.Unmarshal(line, &ticket) != nil || ticket.Account == "" || ticket.Username != username {
		return Access{}, nil
	}
	ended, err := t.check.Ended(ctx, []Access{ticket.access()})
	switch {
	case err != nil:
		return Access{}, fmt.Errorf("use a ticket: %w", err)
	case len(ended) > 0:
		return Access{}, nil
	}
	return ticket.access(), nil
}
