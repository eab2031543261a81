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
	log    *slog.Logger
	last   Switches
	told   bool // that they can't be read
}

// refresh reads the switches. Where that fails, those that were known hold. An outage is told of by others.
func (s *switchReader) refresh(ctx context.Context) {
	set, err := readSwitches(ctx, s.client, s.keys)
	switch {
	case err == nil:
		s.told = false
		s.follow(set)
	case ctx.Err() == nil && !s.told && (redisreply.Is(err) || errors.Is(err, ErrSwitches)):
		s.told = true
		s.log.Warn("userlog: the switches can't be read, so recording goes on as it was: allow getrange, and the key "+s.keys.Switches(), "err", err)
	}
}

// follow has the recorder do what the switches say.
func (s *switchReader) follow(set Switches) {
	if reflect.DeepEqual(set, s.last) {
		return
	}
	s.last = set
	s.into.rules.Store(newLeaveRules(set))
	s.into.unpublished.Store(set.NoPublish)
}
