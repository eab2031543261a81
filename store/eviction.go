package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// noEviction is the policy of a Redis that drops nothing.
const noEviction = "noeviction"

// evictsAll reports whether keys without an expiry are dropped.
func evictsAll(policy string) bool { return strings.HasPrefix(policy, "allkeys-") }

// EvictionPolicy is Redis' maxmemory-policy: which keys it drops when its memory is full. Accounts and the audit log need
// "noeviction". With a policy that begins with "allkeys-" they can vanish. On a Cluster it is the worst policy of all masters. Redis is
// asked by INFO, or else by CONFIG GET. It returns within about two seconds.
func (s *Store) EvictionPolicy(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout) // go-redis would ask a server that hangs several times
	defer cancel()
	cluster, ok := s.clients.reader.(*redis.ClusterClient)
	if !ok {
		return policyOf(ctx, s.clients.reader)
	}
	var mu sync.Mutex
	worst := noEviction
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error {
		policy, err := policyOf(ctx, master)
		mu.Lock()
		defer mu.Unlock()
		if err == nil && (evictsAll(policy) || worst == noEviction) {
			worst = policy
		}
		return err
	})
	if evictsAll(worst) { // whatever the others say
		return worst, nil
	}
	return worst, err
}

// errNoPolicy is what a server that imitates Redis may cause.
var errNoPolicy = errors.New("it names none")

// policyOf asks one server for its policy. INFO is more often allowed than CONFIG GET.
func policyOf(ctx context.Context, client redis.Cmdable) (string, error) {
	about, err := client.Info(ctx, "memory").Result()
	for line := range strings.Lines(about) {
		if policy, found := strings.CutPrefix(strings.TrimSpace(line), "maxmemory_policy:"); found {
			return policy, nil
		}
	}
	const setting = "maxmemory-policy"
	settings, configErr := client.ConfigGet(ctx, setting).Result()
	if policy := settings[setting]; policy != "" {
		return policy, nil
	}
	if err = errors.Join(err, configErr); err == nil {
		err = errNoPolicy
	}
	return "", fmt.Errorf("ask Redis for its maxmemory-policy: %w", err)
}
