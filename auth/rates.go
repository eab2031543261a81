package auth

import (
	"context"
	"errors"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
)

// rates counts what subjects do, each under a key of its own: for all processes that share a Redis, and
// while that doesn't answer, for this process alone.
type rates struct {
	limiter *redis_rate.Limiter
	local   *localLimits
}

func newRates(client redis.UniversalClient) *rates {
	return &rates{limiter: redis_rate.NewLimiter(ownKeys{client}), local: newLocalLimits(maxLocalSubjects)}
}

// count counts once and returns 0, or returns how long to wait where there was too much, which makes the
// wait no longer. An error is ctx's, or what Redis has answered with.
func (r *rates) count(ctx context.Context, key string, limit redis_rate.Limit) (time.Duration, error) {
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
