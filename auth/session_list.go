package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// ErrNoSession is the error of [Sessions.End] where there is no such session.
var ErrNoSession = errors.New("there is no such session")

// Session is one browser that is logged in.
type Session struct {
	ID      string
	Address string // that the login came from
	Agent   string // the browser, as it names itself
	Created time.Time
	Seen    time.Time // the last request, late by up to a minute
}

// List returns an account's sessions, also those that began at a provider, the one that was used last first. Or it returns the failure
// of Redis or ctx.
func (s *Sessions) List(ctx context.Context, account string) ([]Session, error) {
	ids, err := s.store.owned.list(ctx, account, s.store.now())
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	states, err := s.store.peek(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	found, err := s.accounts.read(ctx, account)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return !states[id].SignOn })
	signOns, err := readSignOns(ctx, s.store, ids)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	var sessions []Session
	for id, r := range states {
		open := found.access(account, r.Generation, ViaSession, id) != (Access{})
		if r.SignOn {
			open = signOns.goesOn(account, id, found)
		}
		if open {
			sessions = append(sessions, Session{id, r.Address, r.Agent, time.Unix(r.Created, 0).UTC(), time.Unix(r.Seen, 0).UTC()})
		}
	}
	slices.SortFunc(sessions, func(a, b Session) int {
		if c := b.Seen.Compare(a.Seen); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return sessions, nil
}

// End ends one session of the account. It returns [ErrNoSession], or the failure of Redis or ctx.
func (s *Sessions) End(ctx context.Context, account, id string) error {
	has, err := s.store.owned.has(ctx, account, id)
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	if !has {
		return ErrNoSession
	}
	return s.store.owned.end(ctx, account, id)
}

// maxAgent is how much of a browser's name is kept, in characters.
const maxAgent = 200

// shown is a text of a stranger as it may be kept and shown: its first characters, without those that can't be seen.
func shown(text string, limit int) string {
	characters := []rune(strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))))
	return string(characters[:min(len(characters), limit)])
}
