package auth

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// accountIndex knows the sessions, or the tokens, of each account, so that they can be listed and
// ended. It may name some that have ended; everyone that is in use is in it.
type accountIndex struct {
	client redis.UniversalClient
	of     func(account string) (key string) // a ZSET: id → end, in Unix seconds
	key    func(id string) (key string)      // of what the id names
	keep   time.Duration                     // what nothing lives longer than
}

func sessionIndex(client redis.UniversalClient, keys Keys) accountIndex {
	return accountIndex{client, keys.AccountSessions, keys.Session, SessionLifetime}
}

func tokenIndex(client redis.UniversalClient, keys Keys) accountIndex {
	return accountIndex{client, keys.AccountTokens, keys.Token, MaxTokenLifetime}
}

// add notes an id that can live until end, and forgets those whose end has passed.
func (x accountIndex) add(ctx context.Context, account, id string, now, end time.Time) error {
	key := x.of(account)
	_, err := x.client.TxPipelined(ctx, func(tx redis.Pipeliner) error {
		tx.ZRemRangeByScore(ctx, key, "-inf", strconv.FormatInt(now.Unix(), 10))
		tx.ZAdd(ctx, key, redis.Z{Score: float64(end.Unix()), Member: id})
		tx.Expire(ctx, key, x.keep)
		return nil
	})
	if err != nil {
		return fmt.Errorf("write index: %w", err)
	}
	return nil
}

// list returns the ids whose end has not passed, the one that ends last first.
func (x accountIndex) list(ctx context.Context, account string, now time.Time) ([]string, error) {
	return x.client.ZRevRangeByScore(ctx, x.of(account), &redis.ZRangeBy{
		Min: "(" + strconv.FormatInt(now.Unix(), 10), Max: "+inf",
	}).Result()
}

// has says whether the id is the account's.
func (x accountIndex) has(ctx context.Context, account, id string) (bool, error) {
	err := x.client.ZScore(ctx, x.of(account), id).Err()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	return err == nil, err
}

// end deletes what the id names. The index goes last, so that after an error a second try finds it.
func (x accountIndex) end(ctx context.Context, account string, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	// One by one, because on a Cluster they are on several nodes.
	_, err := x.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, id := range ids {
			p.Del(ctx, x.key(id))
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
	if err := x.client.ZRem(ctx, x.of(account), members...).Err(); err != nil {
		return fmt.Errorf("write index: %w", err)
	}
	return nil
}

// endAll deletes everything of the account. What begins meanwhile may go on.
func (x accountIndex) endAll(ctx context.Context, account string) error {
	ids, err := x.client.ZRange(ctx, x.of(account), 0, -1).Result()
	if err != nil {
		return fmt.Errorf("read index: %w", err)
	}
	return x.end(ctx, account, ids...)
}
