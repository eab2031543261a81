package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"

	"github.com/redis/go-redis/v9"
)

// sharedKey is a random key that all processes share. The first one makes it, in Redis.
type sharedKey struct {
	client redis.UniversalClient
	name   string // of the key in Redis

	mu    sync.Mutex
	value []byte // nil until it was read
}

// sharedKeyLength is how long such a key is, in bytes.
const sharedKeyLength = 32

// get returns the key, or the failure of Redis or ctx.
func (k *sharedKey) get(ctx context.Context) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.value != nil {
		return k.value, nil
	}
	fresh := make([]byte, sharedKeyLength)
	rand.Read(fresh) // never fails, it ends the program instead
	err := k.client.SetArgs(ctx, k.name, fresh, redis.SetArgs{Mode: "NX"}).Err()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("make a shared key: %w", err)
	}
	value, err := k.client.Get(ctx, k.name).Bytes()
	if err != nil {
		return nil, fmt.Errorf("read a shared key: %w", err)
	}
	k.value = value
	return value, nil
}
