package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// How a search reads names: a few at first, and more where most have expired.
const (
	maxNamesRead = 1000 // at a time
	maxSearched  = 2000 // in all, which takes milliseconds; few have expired, because applications remove those
)

// Suggest returns up to limit users whose names begin with prefix and whose logs have not expired. The user of
// exactly this name comes first, then the others in the order of their names. Case and accents do not matter. For an
// empty prefix, or one of accents only, it returns the users who were seen last. It looks at 2,000 names at most that
// begin so, and waits for Redis for two seconds at most. With [ErrPartial] there may be more users.
func (s *Store) Suggest(ctx context.Context, prefix string, limit int) ([]Seen, error) {
	folded := foldName(prefix)
	if folded == "" {
		return s.LastSeen(ctx, limit)
	}
	if limit < 1 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	search := nameSearch{parts: s.index.parts(ctx, nil), from: "[" + folded, to: "(" + folded + "\xff"} // a byte that is never in UTF-8
	users, err := s.livingUsers(ctx, &search, []string{prefix})
	if err != nil {
		return nil, err
	}
	exact := len(users)
	for read := limit; len(users) < limit && search.read < maxSearched && !search.ended; read = min(8*read, maxNamesRead) {
		usernames, err := s.nextNames(ctx, &search, read)
		if err != nil {
			return nil, err
		}
		if exact > 0 {
			usernames = slices.DeleteFunc(usernames, func(username string) bool { return username == prefix })
		}
		living, err := s.livingUsers(ctx, &search, usernames)
		if err != nil {
			return nil, err
		}
		users = append(users, living...)
	}
	return users[:min(len(users), limit)], search.partial
}

// nameSearch is how far a search has come in the order of names.
type nameSearch struct {
	parts    []indexPart
	from, to string // the bounds of ZRANGEBYLEX
	read     int
	ended    bool
	partial  error // ErrPartial, or nil
}

// missed notes that a part of the index could not be read. It returns any other error.
func (n *nameSearch) missed(err error) error {
	if errors.Is(err, ErrPartial) {
		n.partial = err
		return nil
	}
	return err
}

// nextNames returns up to n usernames.
func (s *Store) nextNames(ctx context.Context, search *nameSearch, n int) ([]string, error) {
	members, err := s.index.names(ctx, search.parts, search.from, search.to, n)
	if err := search.missed(err); err != nil {
		return nil, fmt.Errorf("search for names: %w", err)
	}
	search.read += len(members)
	search.ended = len(members) < n
	if len(members) > 0 {
		search.from = "(" + members[len(members)-1]
	}
	for i, member := range members {
		_, members[i], _ = strings.Cut(member, "\x00")
	}
	return members, nil
}

// livingUsers returns those of the users whose logs have not expired, in the same order.
func (s *Store) livingUsers(ctx context.Context, search *nameSearch, usernames []string) ([]Seen, error) {
	if len(usernames) == 0 {
		return nil, nil
	}
	scores, err := s.index.scores(ctx, usernames)
	if err := search.missed(err); err != nil {
		return nil, fmt.Errorf("read when users were seen: %w", err)
	}
	since := s.Now().Add(-s.options.Retention).UnixMilli()
	users := make([]Seen, 0, len(usernames))
	for i, username := range usernames {
		if at := int64(scores[i]); at >= since {
			users = append(users, Seen{Username: username, At: time.UnixMilli(at).UTC()})
		}
	}
	return users, nil
}
