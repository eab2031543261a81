package auth

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store"
)

// sessionIndex knows the sessions of each account, so that all of them can be ended. It may name
// sessions that have ended; every session of an account that a browser has is in it.
type sessionIndex struct {
	client redis.UniversalClient
	keys   store.Keys
}

// add notes a session that can live until end, and forgets those whose end has passed.
func (x sessionIndex) add(ctx context.Context, account, id string, now, end time.Time) error {
	key := x.keys.AccountSessions(account)
	_, err := x.client.TxPipelined(ctx, func(tx redis.Pipeliner) error {
		tx.ZRemRangeByScore(ctx, key, "-inf", strconv.FormatInt(now.Unix(), 10))
		tx.ZAdd(ctx, key, redis.Z{Score: float64(end.Unix()), Member: id})
		// No session that is in it already can live longer than the newest.
		tx.Expire(ctx, key, end.Sub(now))
		return nil
	})
	if err != nil {
		return fmt.Errorf("index session: %w", err)
	}
	return nil
}

// remove forgets a session that has ended.
func (x sessionIndex) remove(ctx context.Context, account, id string) error {
	if err := x.client.ZRem(ctx, x.keys.AccountSessions(account), id).Err(); err != nil {
		return fmt.Errorf("unindex session: %w", err)
	}
	return nil
}

// endAll ends every session of the account. Sessions that begin meanwhile may go on.
func (x sessionIndex) endAll(ctx context.Context, account string) error {
	index := x.keys.AccountSessions(account)
	ids, err := x.client.ZRange(ctx, index, 0, -1).Result()
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	if len(ids) == 0 {
		return nil
	}
	// One by one, because on a Cluster they are on several nodes; the index goes last, so that
	// after an error a second try finds what is left.
	_, err = x.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, id := range ids {
			p.Del(ctx, x.keys.Session(id))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	if err := x.client.ZRem(ctx, index, ids).Err(); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}
