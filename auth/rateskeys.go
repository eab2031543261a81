package auth

import (
	"context"
	"strings"

	"github.com/redis/go-redis/v9"
)

// ownKeys is a client for redis_rate, which puts "rate:" in front of every key. It takes that away
// again: every key of ours begins with the store's prefix, and a Redis user who may touch nothing
// else must be enough.
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
