package store

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// ErrPrefix is returned where keys can't be told from those of others: there is no key prefix, or another one begins with it.
var ErrPrefix = errors.New("store: keys of others can't be told from ours")

// scanCount is how many keys Redis looks at before it answers.
const scanCount = 1000

// DeleteLogs deletes the logs of all users, and what belongs to them: notes, references, support codes, and the user index. Applications
// that run go on, and begin new logs. DeleteLogs looks at all keys of the Redis (SCAN), which takes about a second for a million. It returns how
// many it has deleted. When it fails or ctx ends, some may be left. The error is [ErrPrefix] where there is no key prefix.
func (s *Store) DeleteLogs(ctx context.Context) (deleted int, err error) {
	return s.deleteKeys(ctx, s.keys.LogPatterns()...)
}

// DeleteEverything deletes every key behind the key prefix: also accounts, sessions, the audit log and switches. It is otherwise as
// [Store.DeleteLogs]. The error is [ErrPrefix], and nothing is deleted, also where another key prefix begins with this one.
func (s *Store) DeleteEverything(ctx context.Context) (deleted int, err error) {
	if s.keys.Prefix() == "" {
		return 0, ErrPrefix
	}
	err = s.eachKey(ctx, s.keys.Prefix()+"*", func(_ redis.Cmdable, keys []string) error {
		for _, key := range keys {
			if s.keys.IsBehindAnotherPrefix(key) {
				return fmt.Errorf("%w: %q is behind another key prefix", ErrPrefix, key)
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return s.deleteKeys(ctx, s.keys.Prefix()+"*")
}

// deleteKeys deletes all keys that a pattern matches.
func (s *Store) deleteKeys(ctx context.Context, patterns ...string) (int, error) {
	if s.keys.Prefix() == "" {
		return 0, ErrPrefix
	}
	var deleted atomic.Int64 // several masters are asked at once
	for _, pattern := range patterns {
		err := s.eachKey(ctx, pattern, func(client redis.Cmdable, keys []string) error {
			pipe := client.Pipeline()
			for _, key := range keys { // each by itself: they are in several slots of a Cluster
				pipe.Unlink(ctx, key)
			}
			_, err := pipe.Exec(ctx)
			if err == nil {
				deleted.Add(int64(len(keys)))
			}
			return err
		})
		if err != nil {
			return int(deleted.Load()), fmt.Errorf("delete keys: %w", err)
		}
	}
	return int(deleted.Load()), nil
}

// eachKey calls use with the keys that a pattern matches, some at a time, and with the server that has them.
func (s *Store) eachKey(ctx context.Context, pattern string, use func(redis.Cmdable, []string) error) error {
	scan := func(ctx context.Context, client redis.Cmdable) error {
		for cursor := uint64(0); ; {
			keys, next, err := client.Scan(ctx, cursor, pattern, scanCount).Result()
			if err == nil && len(keys) > 0 {
				err = use(client, keys)
			}
			if err != nil {
				return err
			}
			if cursor = next; cursor == 0 {
				return nil
			}
		}
	}
	if cluster, ok := s.clients.reader.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error { return scan(ctx, master) })
	}
	return scan(ctx, s.clients.reader)
}
