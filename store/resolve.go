package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/redis/go-redis/v9"
)

// maxSameName is how many users are looked at whose names are alike but for case and accents.
const maxSameName = 100

// Resolve returns which user is meant by a name that was typed or pasted. That is the user of exactly this name who has a log. If
// there is none, it is the only user whose name differs in case, in characters that can't be seen, or in what mail programs put
// around an address. A space may also stand for a +, as in links. ok is false where no user or several users are meant: then username is
// what was typed. A name that differs in a letter or an accent is never meant. Resolve waits for Redis for two seconds at most; where
// a master of a Cluster hangs, for four. With [ErrPartial] it is not known who is meant, and ok is false.
func (s *Store) Resolve(ctx context.Context, typed string) (username string, ok bool, err error) {
	_ = s.clock.refresh(ctx) // whose log has expired is known by Redis' clock
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	names := slices.DeleteFunc(spellings(typed), func(name string) bool { return CheckUsername(name) != nil })
	if len(names) == 0 {
		return typed, false, nil
	}
	var search nameSearch
	found, err := s.haveLogs(ctx, names)
	if err := search.missed(err); err != nil {
		return typed, false, fmt.Errorf("find out whose log %q is: %w", typed, err)
	}
	if slices.Contains(found, typed) {
		return typed, true, nil
	}
	alike, err := s.alike(ctx, &search, names)
	if err != nil {
		return typed, false, fmt.Errorf("find out whose log %q is: %w", typed, err)
	}
	found = append(found, alike...)
	slices.Sort(found)
	found = slices.Compact(found)
	switch {
	case len(found) > 1: // whoever else there is
		return typed, false, nil
	case search.partial != nil:
		return typed, false, fmt.Errorf("find out whose log %q is: %w", typed, search.partial)
	case len(found) == 1:
		return found[0], true, nil
	}
	return typed, false, nil
}

// haveLogs returns those of the usernames that have logs. It returns an error where Redis does not answer about the first of them.
// The error is [ErrPartial] where it does not answer about another one, as when a master of a Cluster is away.
func (s *Store) haveLogs(ctx context.Context, usernames []string) (found []string, err error) {
	pipe := s.clients.reader.Pipeline()
	exist := make([]*redis.IntCmd, len(usernames))
	for i, username := range usernames {
		exist[i] = pipe.Exists(ctx, s.keys.Log(username))
	}
	failed := execParts(ctx, pipe)
	if failed != nil && !errors.Is(failed, ErrPartial) {
		return nil, failed
	}
	if err := exist[0].Err(); err != nil {
		return nil, err
	}
	for i, command := range exist {
		if command.Val() > 0 {
			found = append(found, usernames[i])
		}
	}
	return found, failed
}

// alike returns the users whose logs have not expired, and whose names differ from one of a list in nothing but case.
func (s *Store) alike(ctx context.Context, search *nameSearch, names []string) ([]string, error) {
	var found []string
	for _, name := range names {
		folded := foldName(name) + "\x00"
		members := nameRange{parts: s.index.parts(ctx, nil), from: "[" + folded, to: "(" + folded + "\xff"}
		usernames, err := s.nextNames(ctx, search, &members, maxSameName)
		if err != nil {
			return nil, err
		}
		for _, username := range usernames {
			if strings.EqualFold(norm.NFC.String(username), norm.NFC.String(name)) {
				found = append(found, username)
			}
		}
	}
	living, err := s.livingUsers(ctx, search, found)
	for i := range found[:len(living)] {
		found[i] = living[i].Username
	}
	return found[:len(living)], err
}
