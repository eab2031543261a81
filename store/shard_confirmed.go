package store

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

const uncountedText = "userlog: the log store does not let log entries be counted, so that nobody learns of those that it loses: allow zadd and pexpire"

// bequests are what writers of shards knew as confirmed when they ended. They are left to the writers that have their slots now. For
// example, a replica that takes over has another address than its master, and so another writer.
type bequests struct {
	mu   sync.Mutex
	left []*confirmed
}

func (b *bequests) add(of ...*confirmed) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = append(b.left, of...)
}

// take takes out the bequests of which so is true. It drops those that are so old that their counts may have expired in Redis.
func (b *bequests) take(so func(*confirmed) bool) (taken []*confirmed) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = slices.DeleteFunc(b.left, func(c *confirmed) bool {
		if time.Since(c.at) > heartbeatKept/2 {
			return true
		}
		if so(c) {
			taken = append(taken, c)
			return true
		}
		return false
	})
	return taken
}

// awaitBequests waits until the writers before this one have left their bequests. So a log tells what their masters have lost before it
// gets this writer's entries.
func (w *shardWriter) awaitBequests() {
	patience := time.NewTimer(writeTimeout)
	defer patience.Stop()
	for _, ended := range w.before {
		select {
		case <-ended:
		case <-patience.C:
			return
		case <-w.stopped:
			return
		}
	}
	w.before = nil
}

// bequeath leaves what is known as confirmed to whoever has its slot now.
func (w *shardWriter) bequeath() {
	if w.confirmed != nil && w.confirmed.total > 0 {
		w.cluster.bequests.add(w.confirmed)
	}
	close(w.ended)
}

// check asks Redis, after a failure, for an answer. It also asks whether Redis still has what was confirmed, by itself or by the master
// before it. Entries must not be sent into a connection that may be dead: it would not be known whether they were written, and they
// could not be sent again.
func (w *shardWriter) check(batch []Entry) error {
	w.count()
	taken := w.cluster.bequests.take(func(c *confirmed) bool { return w.recorder.hasSlot(w.section, c.slot) })
	for i, c := range taken {
		if err := w.inherit(c, batch); err != nil {
			w.cluster.bequests.add(taken[i:]...)
			return err
		}
	}
	if w.backoff == 0 {
		return nil
	}
	return w.ask(w.confirmed, batch)
}

// count has entries be counted in a slot that the shard has.
func (w *shardWriter) count() {
	slot := uint16(w.counted.Load())
	if w.confirmed != nil && w.confirmed.slot == slot {
		return
	}
	if w.confirmed != nil && w.confirmed.total > 0 {
		w.cluster.bequests.add(w.confirmed)
	}
	w.confirmed = &confirmed{key: w.cluster.keys.ConfirmedIn(slot, w.cluster.process()), slot: slot, inBatches: true}
}

// inherit takes over a bequest. It finds out, and tells, which of the bequest's entries the shard lacks.
func (w *shardWriter) inherit(c *confirmed, batch []Entry) error {
	if c.key != w.confirmed.key {
		return w.ask(c, batch)
	}
	if w.confirmed.total > 0 { // the answer would count what this writer has written since
		w.undo(c.lacking(w.confirmed.base), batch)
		return nil
	}
	w.confirmed = c
	return w.ask(c, batch)
}

// ask asks Redis whether it still has what was confirmed, or only for an answer if nothing was.
func (w *shardWriter) ask(c *confirmed, batch []Entry) error {
	ctx, cancel := context.WithTimeout(context.Background(), batchBudget)
	defer cancel()
	w.tracker.begin(false)
	if !c.asks() {
		return w.client.Ping(ctx).Err()
	}
	pipe := w.client.Pipeline()
	counted := c.queue(ctx, pipe, 0, time.Now())
	_, _ = pipe.Exec(ctx) // the answer has it
	switch err := counted.Err(); {
	case err == nil:
		w.tracker.asked()
		w.undo(c.take(counted.Val(), 0, time.Now()), batch)
		return nil
	case !redisreply.Is(err) || stateOfServer(err) != "":
		return err
	}
	w.tracker.asked() // as far as it answers
	return nil
}

// takeCount takes the answer to the counting of a batch, and returns why the batch has not been written in full: no error of the
// counting is a reason.
func (w *shardWriter) takeCount(counted *redis.FloatCmd, entries int, err error) error {
	if counted == nil {
		return err
	}
	refused := counted.Err()
	switch {
	case refused == nil:
		w.undo(w.confirmed.take(counted.Val(), entries, time.Now()), nil)
		return err
	case !redisreply.Is(refused):
		return err
	case redisreply.IsForbidden(refused):
		w.confirmed.refused = true
		w.log.Warn(uncountedText, "keys", w.cluster.keys.Confirmed("*"))
	}
	//lint:ignore errorlint it is the same one, or one with the same words
	if err == refused {
		return nil
	}
	return err
}
