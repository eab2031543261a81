package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// claimLifetime is how long a claim holds. The action is over by then, and can't be claimed by anybody again for
// another reason: a link was used, or a session has ended.
const claimLifetime = 2 * time.Minute

// Once lets one of several requests go on that do the same thing at the same time, for all processes that share a
// Redis. Each request checks, records, and then does something that can be done once. Without a claim, all of them
// could have checked before the first has done it.
type Once struct {
	client redis.UniversalClient
	keys   Keys
}

// NewOnce returns claims that client's Redis holds. It doesn't connect, and doesn't close client.
func NewOnce(client redis.UniversalClient, keys Keys) *Once { return &Once{client, keys} }

// Claim reports whether the caller may do this action, such as "use a link", with what it names. It is false for
// every other caller within two minutes, unless [Once.Release] is called. An error is the failure of Redis or ctx.
func (o *Once) Claim(ctx context.Context, action, what string) (bool, error) {
	err := o.client.SetArgs(ctx, o.keys.claim(action, what), 1, redis.SetArgs{Mode: "NX", TTL: claimLifetime}).Err()
	switch {
	case errors.Is(err, redis.Nil):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("claim: %w", err)
	}
	return true, nil
}

// Release gives a claim back where the action could not be done after all. Where Redis fails, the claim ends by itself.
func (o *Once) Release(ctx context.Context, action, what string) {
	_ = o.client.Del(context.WithoutCancel(ctx), o.keys.claim(action, what)).Err()
}
