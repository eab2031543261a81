package store

import (
	"context"
	"errors"
	"log/slog"
	"reflect"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/keys"
	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// switchReader has a recorder follow the switches in Redis. It belongs to the goroutine that sends heartbeats.
type switchReader struct {
	client redis.Cmdable
	keys   keys.Keys
	into   *switched
	clock  *redisClock
	log    *slog.Logger
	last   Switches
	told   bool // that they can't be read
}

// refresh reads the switches. Where that fails, those that were known hold. An outage is told of by others.
func (s *switchReader) refresh(ctx context.Context) {
	set, err := readSwitches(ctx, s.client, s.keys)
	if err == nil {
		err = s.follow(ctx, set)
	}
	switch {
	case err == nil:
		s.told = false
	case ctx.Err() == nil && !s.told && (redisreply.Is(err) || errors.Is(err, ErrSwitches)):
		s.told = true
		s.log.Warn("userlog: the switches can't be read, so recording goes on as it was: allow getrange, zrangebyscore, and the keys "+
			s.keys.Switches()+" and "+s.keys.Watched(), "err", err)
	}
}

// follow has the recorder do what the switches say.
func (s *switchReader) follow(ctx context.Context, set Switches) error {
	var watched map[string]int64
	switch {
	case set.WatchOnly:
		var err error
		if watched, err = readWatched(ctx, s.client, s.keys, s.clock); err != nil {
			return err
		}
	case reflect.DeepEqual(set, s.last):
		return nil
	}
	s.last = set
	s.into.rules.Store(newLeaveRules(set, watched))
	s.into.unpublished.Store(set.NoPublish)
	return nil
}
