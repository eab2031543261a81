package store

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/keys"
	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// switchReader has a recorder follow the switches in Redis. Its methods may be called from any goroutine.
type switchReader struct {
	client redis.Cmdable
	keys   keys.Keys
	into   *switched
	clock  *redisClock
	log    *slog.Logger

	mu   sync.Mutex
	last Switches
	told bool // that they can't be read
}

// readOnce reads the switches if that has not been done yet. Writers take no entries before, because the switches may leave these out.
// The error says that Redis does not answer such questions now.
func (s *switchReader) readOnce() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.into.known.Load() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), batchBudget)
	defer cancel()
	_ = s.clock.refresh(ctx) // who is watched is known by Redis' clock; without an answer, there is none to the next question either
	return s.read(ctx)
}

// refresh reads the switches. Where that fails, those that were known hold. An outage is told of by others.
func (s *switchReader) refresh(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.read(ctx) // with the next heartbeat it is tried again
}

// read is refresh for whoever has the mutex. There is no error where this process may not read the switches, or can't understand them:
// then it records as it did.
func (s *switchReader) read(ctx context.Context) error {
	set, err := readSwitches(ctx, s.client, s.keys)
	if err == nil {
		err = s.follow(ctx, set)
	}
	switch {
	case err == nil:
		s.told = false
	case !areUnreadable(err):
		return err
	case !s.told:
		s.told = true
		s.log.Warn("userlog: the switches can't be read, so recording goes on as it was: allow getrange, zrangebyscore, and the keys "+
			s.keys.Switches()+" and "+s.keys.Watched(), "err", err)
	}
	s.into.known.Store(true)
	return nil
}

// areUnreadable reports whether it is no use to ask for the switches again, because of what they are, or of what Redis does not let this
// process do. Any other refusal, such as that of a proxy, may pass.
func areUnreadable(err error) bool {
	return errors.Is(err, ErrSwitches) || redisreply.IsForbidden(err) || redisreply.IsUnknownCommand(err) || redisreply.IsWrongType(err)
}

// following is when the switches were set that the recorder follows; zero if it has read none.
func (s *switchReader) following() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last.Set
}

// follow has the recorder do what the switches say, for whoever has the mutex.
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
