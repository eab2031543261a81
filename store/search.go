package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// How a search reads names: a few at first, and more where most have expired.
const (
	maxNamesRead = 1000 // at a time
	maxSearched  = 2000 // in all, which takes milliseconds; few have expired, because applications remove those
)

// Suggest returns up to limit users whose names begin with prefix and whose logs have not expired. The user of
// exactly this name comes first, then the others in the order of their names. Case and accents do not matter. For an
// empty prefix, or one of accents only, it returns the users who were seen last. It looks at 2,000 names at most that
// begin so, and waits for Redis for two seconds at most.
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
	users, err := s.livingUsers(ctx, []string{prefix})
	if err != nil {
		return nil, err
	}
	exact := len(users)
	search := nameSearch{from: "[" + folded, to: "(" + folded + "\xff"} // a byte that is never in UTF-8
	for read := limit; len(users) < limit && search.read < maxSearched; read = min(8*read, maxNamesRead) {
		usernames, err := s.nextNames(ctx, &search, read)
		if err != nil {
			return nil, err
		}
		if exact > 0 {
			usernames = slices.DeleteFunc(usernames, func(username string) bool { return username == prefix })
		}
		living, err := s.livingUsers(ctx, usernames)
		if err != nil {
			return nil, err
		}
		users = append(users, living...)
		if search.ended {
			break
		}
	}
	return users[:min(len(users), limit)], nil
}

// nameSearch is how far a search has come in the order of names.
type nameSearch struct {
	from, to string // the bounds of ZRANGEBYLEX
	read     int
	ended    bool
}

// nextNames returns up to n usernames.
func (s *Store) nextNames(ctx context.Context, search *nameSearch, n int) ([]string, error) {
	members, err := s.clients.reader.ZRangeByLex(ctx, s.keys.Names(), &redis.ZRangeBy{Min: search.from, Max: search.to, Count: int64(n)}).Result()
	if err != nil && !redisreply.IsWrongType(err) { // what somebody else keeps there is no list of names
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
func (s *Store) livingUsers(ctx context.Context, usernames []string) ([]Seen, error) {
	if len(usernames) == 0 {
		return nil, nil
	}
	scores, err := s.clients.reader.ZMScore(ctx, s.keys.Users(), usernames...).Result()
	if redisreply.IsWrongType(err) {
		return nil, nil
	}
	if err != nil && !errors.Is(err, redis.Nil) {
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
