package auth

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
)

// rateLimit counts what subjects do, each under a key of its own. It counts for all processes that share
// a Redis and, while Redis doesn't answer, for this process alone.
type rateLimit struct {
	limiter *redis_rate.Limiter
	local   *localRateLimit
}

func newRateLimit(client redis.UniversalClient) *rateLimit {
	return &rateLimit{limiter: redis_rate.NewLimiter(ownKeys{client}), local: newLocalRateLimit(maxLocalSubjects)}
}

// count counts once and returns 0. Where there was too much it returns how long to wait, and asking
// makes the wait no longer. An error is ctx's, or what Redis has answered with.
func (r *rateLimit) count(ctx context.Context, key string, limit redis_rate.Limit) (time.Duration, error) {
	result, err := r.limiter.Allow(ctx, key, limit)
	var answered redis.Error // by a Redis that is there, and for one reason or another won't count
	switch {
	case err == nil && result.Allowed > 0:
		return 0, nil
	case err == nil:
		return max(result.RetryAfter, time.Millisecond), nil
	case ctx.Err() != nil || errors.As(err, &answered):
		return 0, err
	}
	return r.local.count(key, limit, time.Now()), nil
}

// ownKeys is a client for redis_rate, which puts "rate:" in front of every key. The client takes that
// away again. Every key of ours begins with the store's prefix, so that a Redis user who may touch
// nothing else is enough.
type ownKeys struct{ redis.UniversalClient }

// Eval runs a script on our keys.
func (c ownKeys) Eval(ctx context.Context, script string, keys []string, args ...any) *redis.Cmd {
	return c.UniversalClient.Eval(ctx, script, withoutRate(keys), args...)
}

// EvalSha runs a script that Redis knows on our keys.
func (c ownKeys) EvalSha(ctx context.Context, sha1 string, keys []string, args ...any) *redis.Cmd {
	return c.UniversalClient.EvalSha(ctx, sha1, withoutRate(keys), args...)
}

func withoutRate(keys []string) []string {
	own := make([]string, len(keys))
	for i, key := range keys {
		own[i] = strings.TrimPrefix(key, "rate:")
	}
	return own
}
