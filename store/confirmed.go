package store

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// confirmed finds entries that a master had confirmed before another server took over which did not have them. Each transaction
// adds to a count in Redis, and gets to know it: what is missing there is missing in the logs, since servers repeat what their
// master did in its order. It is a score because those who record may write scores, and read nothing.
type confirmed struct {
	key   string
	total float64   // what Redis said last; 0 before
	at    time.Time // and when
}

// queue queues the counting of so many entries.
func (c *confirmed) queue(ctx context.Context, pipe redis.Pipeliner, entries int) *redis.FloatCmd {
	counted := redis.NewFloatCmd(ctx, "zadd", c.key, "incr", entries, "entries")
	_ = pipe.Process(ctx, counted) // as in command
	command(ctx, pipe, "pexpire", c.key, heartbeatKept.Milliseconds())
	return counted
}

// missing is how many entries that were confirmed before are not there, as the answer to the counting of so many tells. It is
// 0 where that can't be known: where nothing was recorded for so long that the count may have expired.
func (c *confirmed) missing(counted float64, entries int, now time.Time) uint64 {
	want, known := c.total+float64(entries), c.total > 0 && now.Sub(c.at) < heartbeatKept/2
	c.total, c.at = counted, now
	if !known || counted >= want {
		return 0
	}
	return uint64(want - counted)
}
