package store

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// Times about clocks.
const (
	// ClockTolerance is how far an application's clock may be from Redis' before readers should be told. The times of its
	// entries are right all the same, because the writer sets them by Redis' clock.
	ClockTolerance = 5 * time.Second

	clockInterval = 15 * time.Second // between two questions
	clockJump     = time.Second      // a host's clock that moved by so much against its own counter was set
	clockError    = time.Second      // a smaller difference may come from the way to Redis, and is not corrected
)

// redisClock knows the time by Redis' clock. Applications and the admin may run on hosts whose clocks differ, and Redis is what
// they have in common.
type redisClock struct {
	client redis.UniversalClient
	told   bool // that this host's clock is wrong has been logged

	mu     sync.Mutex
	asked  time.Time     // when Redis was last asked, by this host's clock; zero before the first answer
	skew   time.Duration // by how much this host's clock was ahead of Redis' when it was last measured
	asking chan struct{} // closed when the question under way has been answered; nil where there is none
	err    error         // of the last question; errGone where its caller has not waited for the answer
}

// errGone is what is known of Redis when a question's own context ended before the answer came.
var errGone = errors.New("the caller has not waited for the time of Redis")

// now is the time by Redis' clock, as far as it is known. It does not block.
func (c *redisClock) now() time.Time { return time.Now().Add(-c.correction()) }

// correction is what to take off a time of this host.
func (c *redisClock) correction() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.skew.Abs() < clockError {
		return 0
	}
	return c.skew
}

// measured is by how much this host's clock is ahead of Redis'.
func (c *redisClock) measured() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.skew
}

// refresh asks Redis for the time if that is due, and if nobody asks at the moment. An error leaves what was known. As long as nothing is
// known, refresh waits for a question that is under way, and asks itself if that question's caller goes away.
func (c *redisClock) refresh(ctx context.Context) error {
	for {
		due, known, asking := c.begin()
		switch {
		case due:
			return c.ask(ctx)
		case known || asking == nil:
			return nil
		}
		select {
		case <-asking:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := c.answered(); !errors.Is(err, errGone) {
			return err
		}
	}
}

// ask asks Redis for the time, after begin has said that it is due.
func (c *redisClock) ask(ctx context.Context) error {
	before := time.Now()
	answer, err := c.client.Time(ctx).Result()
	took := time.Since(before)
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.asking)
	c.asking, c.err = nil, err
	switch {
	case err == nil && took < clockError:
		c.asked, c.skew = time.Now(), before.Add(took/2).Sub(answer)
	case err == nil, redisreply.Is(err):
		c.asked = time.Now() // too slow to say anything, or not allowed to ask
	case ctx.Err() != nil:
		c.err = errGone
	}
	return err
}

// answered is the error of the last question.
func (c *redisClock) answered() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// begin reports whether the caller is to ask. It also reports whether anything is known, and returns the question that another caller asks.
func (c *redisClock) begin() (due, known bool, asking chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if asking = c.asking; asking == nil && c.due(time.Now()) {
		c.asking, due = make(chan struct{}), true
	}
	return due, !c.asked.IsZero(), asking
}

// due reports whether what is known is too old, or this host's clock was set since, as after a laptop's sleep.
func (c *redisClock) due(now time.Time) bool {
	counted, shown := now.Sub(c.asked), now.Round(0).Sub(c.asked.Round(0))
	return c.asked.IsZero() || counted >= clockInterval || (shown-counted).Abs() > clockJump
}

// Now is the time by Redis' clock, by which the entries of all applications are recorded. Ages should be reckoned from it, since
// this host's clock may be wrong. It is as exact as the way to Redis is short, or a second. It does not block: LastSeen,
// InTrouble, Applications, Search, Resolve, Seen, Gone and Log ask Redis for the time, at most every 15 seconds.
func (s *Store) Now() time.Time { return s.clock.now() }

// setTimes sets the times of the batch by Redis' clock. While Redis can't be reached the times stay as they are, and the next
// attempt sets them.
func (w *writer) setTimes() {
	ctx, cancel := context.WithTimeout(context.Background(), batchBudget)
	defer cancel()
	if err := w.clock.refresh(ctx); err != nil && !redisreply.Is(err) {
		return
	}
	w.clock.setTimes(w.batch)
	w.clock.tell(w.log)
}

// setTimes sets the times of entries by Redis' clock, once.
func (c *redisClock) setTimes(batch []Entry) {
	wrong := c.correction()
	for i := range batch {
		if e := &batch[i]; !e.turn.timed {
			e.turn.timed = true
			e.Time = e.Time.Add(-wrong)
		}
	}
}

// tell logs once that this host's clock is wrong, and once that it is right again. One goroutine of a process calls it.
func (c *redisClock) tell(log *slog.Logger) {
	skew := c.measured()
	switch wrong := skew.Abs() > ClockTolerance; {
	case wrong && !c.told:
		c.told = true
		log.Warn("userlog: this host's clock differs from that of Redis; entries have Redis' time: set the clocks by NTP",
			"ahead_by", skew.Round(time.Millisecond).String())
	case !wrong && c.told:
		c.told = false
		log.Info("userlog: this host's clock agrees with that of Redis again")
	}
}
