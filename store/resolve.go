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

// Resolve returns whose log is meant by a name that was typed or pasted: the user of exactly this name who has a log, or else the
// only one whose name differs in case, in what can't be seen, or in what mail programs put around an address. A link's + may
// have become a space, too. ok is false where there is none or several: then username is what was typed. A name that differs
// in a letter or an accent is never meant. It waits for Redis for two seconds at most.
func (s *Store) Resolve(ctx context.Context, typed string) (username string, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	names := slices.DeleteFunc(spellings(typed), func(name string) bool { return CheckUsername(name) != nil })
	if len(names) == 0 {
		return typed, false, nil
	}
	found, certain, err := s.haveLogs(ctx, names)
	if err != nil {
		return typed, false, fmt.Errorf("find out whose log %q is: %w", typed, err)
	}
	if slices.Contains(found, typed) {
		return typed, true, nil
	}
	var search nameSearch
	alike, err := s.alike(ctx, &search, names)
	if err != nil {
		return typed, false, fmt.Errorf("find out whose log %q is: %w", typed, err)
	}
	found = append(found, alike...)
	slices.Sort(found)
	found = slices.Compact(found)
	if len(found) == 1 && certain && search.partial == nil {
		return found[0], true, nil
	}
	return typed, false, nil
}

// haveLogs returns those of the usernames that have logs. The answer is not certain where a master of a Cluster is away that may have
// the log of another than the first. Without an answer about the first there is an error.
func (s *Store) haveLogs(ctx context.Context, usernames []string) (found []string, certain bool, err error) {
	pipe := s.clients.reader.Pipeline()
	exist := make([]*redis.IntCmd, len(usernames))
	for i, username := range usernames {
		exist[i] = pipe.Exists(ctx, s.keys.Log(username))
	}
	failed := execParts(ctx, pipe)
	if failed != nil && !errors.Is(failed, ErrPartial) {
		return nil, false, failed
	}
	if err := exist[0].Err(); err != nil {
		return nil, false, err
	}
	for i, command := range exist {
		if command.Val() > 0 {
			found = append(found, usernames[i])
		}
	}
	return found, failed == nil, nil
}

// alike returns the users whose names are those of a list but for case, and whose logs have not expired.
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
