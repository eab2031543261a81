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

const (
	noticing    = 2    // how many layoutIntervals it takes until all processes follow a new layout, and have ended what they did by the old one
	movedAtOnce = 1000 // members of a set
)

// MaxIndexParts is over how many parts the user index may be spread.
const MaxIndexParts = keys.MaxParts

// IndexParts returns over how many parts the user index is spread. It waits for Redis for two seconds at most.
func (s *Store) IndexParts(ctx context.Context) (int, error) {
	current, _, err := s.index.layout.ask(ctx)
	return current, err
}

// SpreadIndex spreads the user index over 1 to [MaxIndexParts] parts, while applications record and agents search. On a Cluster
// some parts for each master let all of them share the work. It takes some 20 seconds, because all processes have to notice, before
// the users move and after. Where it ends with an error, no user is missing from the index, and another call goes on.
func (s *Store) SpreadIndex(ctx context.Context, parts int) error {
	if parts < 1 || parts > MaxIndexParts {
		return fmt.Errorf("store: the user index can't be spread over %d parts: use 1 to %d", parts, MaxIndexParts)
	}
	for {
		current, former, err := s.index.layout.ask(ctx)
		switch {
		case errors.Is(err, errLayout): // no process follows what the key holds, so it can be replaced
			err = s.index.layout.set(ctx, strconv.Itoa(s.index.layout.write().Parts()))
		case err != nil:
			return err
		case former != 0: // an earlier call has not come to its end
			err = s.moveIndex(ctx, s.keys.Index(former), s.keys.Index(current))
		case current == parts:
			return s.index.layout.set(ctx, strconv.Itoa(parts))
		default:
			err = s.index.layout.set(ctx, fmt.Sprintf("%d %d", parts, current))
		}
		if err != nil {
			return fmt.Errorf("spread the user index: %w", err)
		}
	}
}

// moveIndex moves all users from one index to another. It first waits until every process writes to the new index, and reads both.
func (s *Store) moveIndex(ctx context.Context, from, to keys.Index) error {
	if err := sleep(ctx, noticing*s.index.layout.interval); err != nil {
		return err
	}
	life := s.options.Retention
	for part := range from.Parts() {
		left, err := s.movePart(ctx, from, to, part)
		if err != nil {
			return err
		}
		life = max(life, left)
	}
	if err := s.expireIndex(ctx, to, life); err != nil {
		return err
	}
	if err := s.index.layout.set(ctx, strconv.Itoa(to.Parts())); err != nil {
		return err
	}
	if err := sleep(ctx, noticing*s.index.layout.interval); err != nil { // some may still read what is left
		return err
	}
	pipe := s.clients.reader.Pipeline()
	for part := range from.Parts() {
		for _, set := range []string{from.Users(part), from.Names(part), from.Trouble(part), from.Gone(part)} {
			pipe.Unlink(ctx, set)
		}
	}
	_, err := pipe.Exec(ctx)
	return err
}

// movePart copies the users of one part to another index, unless they have been written there later. It returns how long the
// part would have lived: applications may have a longer retention than this store.
func (s *Store) movePart(ctx context.Context, from, to keys.Index, part int) (left time.Duration, err error) {
	if left, err = s.clients.reader.PTTL(ctx, from.Users(part)).Result(); err != nil {
		return 0, err
	}
	err = s.eachMember(ctx, from.Users(part), func(pipe redis.Pipeliner, z redis.Z) {
		username := z.Member.(string)
		at := to.Part(username)
		pipe.ZAddGT(ctx, to.Users(at), z)
		pipe.ZAdd(ctx, to.Names(at), redis.Z{Member: nameMember(username)})
	})
	if err != nil {
		return 0, err
	}
	err = s.eachMember(ctx, from.Gone(part), func(pipe redis.Pipeliner, z redis.Z) {
		pipe.ZAddGT(ctx, to.Gone(to.Part(z.Member.(string))), z)
	})
	if err != nil {
		return 0, err
	}
	return left, s.eachMember(ctx, from.Trouble(part), func(pipe redis.Pipeliner, z redis.Z) {
		pipe.ZAddGT(ctx, to.Trouble(to.Part(z.Member.(string))), z)
	})
}

// expireIndex has an index expire, unless it is written to.
func (s *Store) expireIndex(ctx context.Context, to keys.Index, life time.Duration) error {
	pipe := s.clients.reader.Pipeline()
	for part := range to.Parts() {
		for _, set := range []string{to.Users(part), to.Names(part), to.Trouble(part)} {
			pipe.PExpire(ctx, set, life)
		}
		pipe.PExpire(ctx, to.Gone(part), max(life, s.options.Remember))
	}
	_, err := pipe.Exec(ctx)
	return err
}

// eachMember has commands queued for each member of a sorted set. A set that holds something else has none.
func (s *Store) eachMember(ctx context.Context, set string, queue func(redis.Pipeliner, redis.Z)) error {
	for cursor := uint64(0); ; {
		found, next, err := s.clients.reader.ZScan(ctx, set, cursor, "", movedAtOnce).Result()
		if redisreply.IsWrongType(err) {
			return nil
		}
		if err != nil {
			return err
		}
		pipe := s.clients.reader.Pipeline()
		for i := 0; i+1 < len(found); i += 2 {
			score, err := strconv.ParseFloat(found[i+1], 64)
			if err != nil {
				return fmt.Errorf("the score of a member of %s: %w", set, err)
			}
			queue(pipe, redis.Z{Member: found[i], Score: score})
		}
		if pipe.Len() > 0 {
			if _, err := pipe.Exec(ctx); err != nil {
				return err
			}
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}

// ask reads the layout from Redis, now.
func (l *indexLayout) ask(ctx context.Context) (current, former int, err error) {
	text, err := l.client.Get(ctx, l.keys.Layout()).Result()
	switch {
	case errors.Is(err, redis.Nil):
		return l.write().Parts(), 0, nil
	case err != nil:
		return 0, 0, fmt.Errorf("read the layout of the user index: %w", err)
	}
	return readLayout(text)
}

// set writes the layout, and follows it.
func (l *indexLayout) set(ctx context.Context, text string) error {
	if err := l.client.Set(ctx, l.keys.Layout(), text, 0).Err(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.learn(text)
	return nil
}

// sleep waits, unless ctx ends first.
func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
