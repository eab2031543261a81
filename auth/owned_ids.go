package auth

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// ownedIDs knows the ids of the sessions, or of the tokens, that each account owns. So they can be
// listed and ended. It may name some that have ended. Every one that is in use is in it.
type ownedIDs struct {
	client redis.UniversalClient
	of     func(account string) (key string) // a ZSET: id → end, in Unix seconds
	key    func(id string) (key string)      // of the session or token itself
	keep   time.Duration                     // the longest life of a session or token
	limit  int                               // of one account
}

func sessionIDs(client redis.UniversalClient, keys Keys) ownedIDs {
	return ownedIDs{client, keys.accountSessions, keys.session, sessionLifetime, math.MaxInt32}
}

func tokenIDs(client redis.UniversalClient, keys Keys) ownedIDs {
	return ownedIDs{client, keys.accountTokens, keys.token, MaxTokenLifetime, MaxTokens}
}

// addScript notes an id, and forgets those whose end has passed. KEYS[1] is the ZSET. ARGV[1] is the time, ARGV[2] the end of the
// id, ARGV[3] the id, ARGV[4] how long the key is kept, all in seconds, and ARGV[5] how many ids there may be. It returns 0 where
// there are as many already. The script counts and adds in one step, so that several processes can't add one too many.
const addScript = `
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[5]) then
	return 0
end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
`

// add notes an id that can live until end, and forgets those whose end has passed. It reports whether there was room.
func (o ownedIDs) add(ctx context.Context, account, id string, now, end time.Time) (added bool, err error) {
	added, err = redis.NewScript(addScript).Run(ctx, o.client, []string{o.of(account)},
		now.Unix(), end.Unix(), id, int64(o.keep.Seconds()), o.limit).Bool()
	if errors.Is(err, redis.Nil) { // which is how a 0 can be told
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("note an id: %w", err)
	}
	return added, nil
}

// list returns the ids whose end has not passed, the one that ends last first.
func (o ownedIDs) list(ctx context.Context, account string, now time.Time) ([]string, error) {
	return o.client.ZRevRangeByScore(ctx, o.of(account), &redis.ZRangeBy{
		Min: "(" + strconv.FormatInt(now.Unix(), 10), Max: "+inf",
	}).Result()
}

// has reports whether the account owns the id.
func (o ownedIDs) has(ctx context.Context, account, id string) (bool, error) {
	err := o.client.ZScore(ctx, o.of(account), id).Err()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	return err == nil, err
}

// end deletes the sessions or tokens of these ids. The list of ids goes last, so that after an error a
// second try finds them.
func (o ownedIDs) end(ctx context.Context, account string, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	// One by one, because on a Cluster they are on several nodes.
	_, err := o.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, id := range ids {
			p.Del(ctx, o.key(id))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("end: %w", err)
	}
	members := make([]any, len(ids))
	for i, id := range ids {
		members[i] = id
	}
	if err := o.client.ZRem(ctx, o.of(account), members...).Err(); err != nil {
		return fmt.Errorf("forget ids: %w", err)
	}
	return nil
}

// endOldest deletes the sessions or tokens of the account that end first, where there are more than so many. The newest one, which may
// end in the same second as others, is left.
func (o ownedIDs) endOldest(ctx context.Context, account, newest string, limit int64) error {
	ids, err := o.client.ZRange(ctx, o.of(account), 0, -1-limit).Result()
	if err != nil {
		return fmt.Errorf("list ids: %w", err)
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == newest })
	return o.end(ctx, account, ids...)
}

// endAll deletes every session or token of the account. One that begins meanwhile may go on.
func (o ownedIDs) endAll(ctx context.Context, account string) error {
	ids, err := o.client.ZRange(ctx, o.of(account), 0, -1).Result()
	if err != nil {
		return fmt.Errorf("list ids: %w", err)
	}
	return o.end(ctx, account, ids...)
}
