package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/keys"
	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// Limits of [Store.Watched].
const (
	WatchedFor = 10 * time.Minute // for which a user is recorded after the last call
	MaxWatched = 1_000            // users at once: beyond them, those give way who were looked at longest ago
)

// Watched notes that somebody looks at the logs of some users. Where Switches.WatchOnly is set, applications record these users for
// [WatchedFor], and begin within [HeartbeatInterval]. Watched waits for Redis for two seconds at most.
func (s *Store) Watched(ctx context.Context, usernames ...string) error {
	_ = s.clock.refresh(ctx) // without an answer, this host's clock decides
	now := s.Now()
	users := make([]redis.Z, 0, len(usernames))
	for _, username := range usernames {
		if CheckUsername(username) == nil {
			users = append(users, redis.Z{Score: float64(now.Add(WatchedFor).UnixMilli()), Member: username})
		}
	}
	if len(users) == 0 {
		return nil
	}
	key, pipe := s.keys.Watched(), s.clients.reader.Pipeline()
	pipe.ZAdd(ctx, key, users...)
	pipe.ZRemRangeByScore(ctx, key, "-inf", strconv.FormatInt(now.UnixMilli(), 10))
	pipe.ZRemRangeByRank(ctx, key, 0, -MaxWatched-1)
	pipe.PExpire(ctx, key, WatchedFor)
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("note whose logs are looked at: %w", err)
	}
	return nil
}

// readWatched returns until when users are recorded, in Unix milliseconds of this host's clock.
func readWatched(ctx context.Context, client redis.Cmdable, keys keys.Keys, clock *redisClock) (map[string]int64, error) {
	found, err := client.ZRangeByScoreWithScores(ctx, keys.Watched(), &redis.ZRangeBy{
		Min: strconv.FormatInt(clock.now().UnixMilli(), 10), Max: "+inf", Count: MaxWatched,
	}).Result()
	if err != nil && !redisreply.IsWrongType(err) && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	until, last := make(map[string]int64, len(found)), time.Now().Add(WatchedFor).UnixMilli()
	for _, user := range found {
		if name, ok := user.Member.(string); ok {
			at := time.UnixMilli(int64(user.Score)).Add(clock.correction()).UnixMilli()
			until[name] = min(at, last) // a later time in Redis is not one that Watched has noted
		}
	}
	return until, nil
}
