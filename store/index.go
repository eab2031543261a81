package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// How often the index of users is written.
const (
	indexInterval  = 2 * time.Second  // at least, between two updates of one user
	forgetInterval = 30 * time.Second // at least, between two searches for expired users
	maxIndexed     = 10_000           // users whose last update is remembered
	maxForgotten   = 500              // users removed at a time
)

// index keeps the users' names and when they were last seen. It belongs to the writer's goroutine.
type index struct {
	keys      Keys
	retention time.Duration
	updated   map[string]time.Time
	forgot    time.Time
}

func newIndex(keys Keys, retention time.Duration) *index {
	return &index{keys: keys, retention: retention, updated: make(map[string]time.Time)}
}

// queue queues what the index needs for these entries: nothing, mostly.
func (x *index) queue(ctx context.Context, pipe redis.Pipeliner, entries []Entry) {
	now := time.Now()
	if len(x.updated) > maxIndexed {
		clear(x.updated)
	}
	var users, names []redis.Z
	for _, e := range slices.Backward(entries) { // the newest of each user
		if now.Sub(x.updated[e.Username]) < indexInterval {
			continue
		}
		x.updated[e.Username] = now
		users = append(users, redis.Z{Score: float64(e.Time.UnixMilli()), Member: e.Username})
		names = append(names, redis.Z{Member: nameMember(e.Username)})
	}
	if len(users) == 0 {
		return
	}
	pipe.ZAdd(ctx, x.keys.Users(), users...)
	pipe.ZAdd(ctx, x.keys.Names(), names...)
	pipe.PExpire(ctx, x.keys.Users(), x.retention)
	pipe.PExpire(ctx, x.keys.Names(), x.retention)
}

// redo has the next transaction do again what one that failed was to do.
func (x *index) redo(entries []Entry) {
	for _, e := range entries {
		delete(x.updated, e.Username)
	}
}

// forget removes users whose log has expired, a few hundred at a time. Between its reading and its
// removing a user may come back: then the next update, seconds later, restores the name. It is
// housekeeping: when Redis fails it, the next time does it.
func (x *index) forget(client redis.UniversalClient) {
	now := time.Now()
	if now.Sub(x.forgot) < forgetInterval {
		return
	}
	x.forgot = now
	ctx, cancel := context.WithTimeout(context.Background(), batchBudget)
	defer cancel()
	expired, err := client.ZRangeByScore(ctx, x.keys.Users(), &redis.ZRangeBy{
		Min: "-inf", Max: "(" + lastSeenSince(now, x.retention), Count: maxForgotten,
	}).Result()
	if err != nil || len(expired) == 0 {
		return
	}
	users, names := make([]any, len(expired)), make([]any, len(expired))
	for i, username := range expired {
		users[i], names[i] = username, nameMember(username)
		delete(x.updated, username)
	}
	pipe := client.Pipeline()
	pipe.ZRem(ctx, x.keys.Users(), users...)
	pipe.ZRem(ctx, x.keys.Names(), names...)
	_, _ = pipe.Exec(ctx)
}

// lastSeenSince is the lowest score of a user whose log has not expired.
func lastSeenSince(now time.Time, retention time.Duration) string {
	return strconv.FormatInt(now.Add(-retention).UnixMilli(), 10)
}

// nameMember is the member of [Keys.Names] for a user. The NUL ends the folded name; no username
// has one.
func nameMember(username string) string { return foldName(username) + "\x00" + username }

// foldName is what names are compared by in a search.
func foldName(name string) string { return strings.ToLower(name) }

// Seen is a user and the time of the last recorded request, exact to about two seconds.
type Seen struct {
	Username string
	At       time.Time
}

// LastSeen returns up to limit users whose logs have not expired, the last seen first. It waits for
// Redis for two seconds at most.
func (s *Store) LastSeen(ctx context.Context, limit int) ([]Seen, error) {
	return readLastSeen(ctx, s.clients.reader, s.keys, time.Now().Add(-s.options.Retention), limit)
}

func readLastSeen(ctx context.Context, client redis.UniversalClient, keys Keys, since time.Time, limit int) ([]Seen, error) {
	found, err := client.ZRevRangeByScoreWithScores(ctx, keys.Users(), &redis.ZRangeBy{
		Min: strconv.FormatInt(since.UnixMilli(), 10), Max: "+inf", Count: int64(limit),
	}).Result()
	if err != nil && !isWrongType(err) { // what somebody else keeps there is no list of users
		return nil, fmt.Errorf("read who was seen last: %w", err)
	}
	users := make([]Seen, 0, len(found))
	for _, z := range found {
		users = append(users, Seen{Username: z.Member.(string), At: time.UnixMilli(int64(z.Score)).UTC()})
	}
	return users, nil
}

// Suggest returns up to limit users whose names begin with prefix, case ignored, in the order of
// their names, as far as their logs have not expired. An empty prefix returns those who were seen
// last. It waits for Redis for two seconds at most.
func (s *Store) Suggest(ctx context.Context, prefix string, limit int) ([]Seen, error) {
	if prefix == "" {
		return s.LastSeen(ctx, limit)
	}
	folded := foldName(prefix)
	members, err := s.clients.reader.ZRangeByLex(ctx, s.keys.Names(), &redis.ZRangeBy{
		// No name that begins so sorts after the prefix and a byte that is never in UTF-8.
		Min: "[" + folded, Max: "(" + folded + "\xff", Count: int64(limit),
	}).Result()
	if err != nil && !isWrongType(err) {
		return nil, fmt.Errorf("search names that begin with %q: %w", prefix, err)
	}
	if len(members) == 0 {
		return nil, nil
	}
	usernames := make([]string, len(members))
	for i, member := range members {
		_, usernames[i], _ = strings.Cut(member, "\x00")
	}
	scores, err := s.clients.reader.ZMScore(ctx, s.keys.Users(), usernames...).Result()
	if isWrongType(err) {
		return nil, nil
	}
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("read when users were seen: %w", err)
	}
	since := time.Now().Add(-s.options.Retention).UnixMilli()
	users := make([]Seen, 0, len(usernames))
	for i, username := range usernames {
		if at := int64(scores[i]); at >= since {
			users = append(users, Seen{Username: username, At: time.UnixMilli(at).UTC()})
		}
	}
	return users, nil
}
