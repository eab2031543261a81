package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// movedPause is how long a shard's writer waits when other shards have some of its slots, or will have them in a moment.
const movedPause = 20 * time.Millisecond

// shardWriter moves entries from a section of the queue to one shard of a Cluster. All of it runs in one goroutine. A batch is a
// pipeline of scripts, one for each user. Entries that have certainly not been written go back to the queue: by the next attempt,
// another shard may have the log of their user.
type shardWriter struct {
	outage
	cluster *clusterWriter
	address string
	client  *redis.Client
	tracker *sendTracker
	stopped chan struct{} // closed when the shard is no longer one
	ended   chan struct{} // closed when the writer has ended, and its bequest is there
	before  []<-chan struct{}
	pace    pace

	counted   atomic.Uint32 // the slot of the count
	confirmed *confirmed

	buffer []Entry
	lines  lineEncoder
	users  []*knownUser
}

func newShardWriter(c *clusterWriter, address string, options *redis.Options) *shardWriter {
	client, tracker := newShardClient(options)
	w := &shardWriter{cluster: c, address: address, client: client, tracker: tracker, stopped: make(chan struct{}), ended: make(chan struct{}), buffer: make([]Entry, 0, maxBatch)}
	if c.calm[address] == nil {
		c.calm[address] = &calmLog{}
	}
	w.outage = outage{recorder: c.recorder, section: newSection(), log: c.log.With(slog.String("shard", address)), calm: c.calm[address]}
	return w
}

// run writes until the shard is stopped.
func (w *shardWriter) run() {
	defer w.client.Close()
	defer w.bequeath()
	w.awaitBequests()
	for {
		select {
		case <-w.stopped:
			return
		default:
		}
		if w.recorder.waiting(w.section) > 0 {
			w.recorder.gather(w.section, w.pace.due(), w.stopped)
		}
		batch := w.recorder.takeOff(w.section, w.buffer[:0])
		switch {
		case len(batch) == 0:
			w.wait()
		case !w.write(batch):
			w.pause()
		case w.pace.unwatched():
			w.recorder.gather(w.section, w.pace.due(), w.stopped)
		}
	}
}

// wait waits for entries.
func (w *shardWriter) wait() {
	select {
	case <-w.section.work:
	case <-w.recorder.overdue():
	case <-w.stopped:
	}
}

// pause waits after an attempt that has not written everything.
func (w *shardWriter) pause() {
	if w.backoff > 0 {
		_ = w.rest(w.stopped) // if the entries have been given up, the next take returns none
		return
	}
	pause := time.NewTimer(movedPause)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-w.stopped:
	}
}

// write tries to write a batch. It returns false when some of it has gone back to the queue, or is in doubt.
func (w *shardWriter) write(batch []Entry) bool {
	var o settlement
	w.users, o.truncated = w.cluster.prepare(batch, w.users[:0])
	w.cluster.clock.setTimes(batch)
	if err := w.check(batch); err != nil {
		w.recorder.land(w.section, o, batch)
		w.fail(err)
		return false
	}
	w.cluster.introduce(batch)
	w.pace.begin(w.client, w.cluster.viewers(), time.Now())
	if !w.recorder.send(w.section, batch) {
		w.recorder.land(w.section, o, nil) // it has been given up
		return true
	}
	pushes, err := w.transact(batch)
	if errors.Is(err, errNotAsked) {
		if err = w.ask(w.confirmed, batch); err == nil {
			pushes, err = w.transact(batch)
		}
	}
	back := w.sort(batch, pushes, err, &o)
	w.recorder.land(w.section, o, back)
	reason := w.reason(pushes, err)
	switch {
	case reason == nil:
		w.succeeded()
		return true
	case redisreply.IsRedirection(reason):
		w.succeeded()
		w.cluster.topologyChanged()
		return false
	case isScriptMissing(reason):
		if reason = w.loadScript(); reason == nil {
			return false
		}
	}
	w.fail(reason)
	return false
}

// fail notes an attempt that failed. The connection ends where the server says that it can't be written to: the address may
// have become another one's.
func (w *shardWriter) fail(err error) {
	if stateOfServer(err) != "" {
		w.tracker.hangUp()
	}
	if redisreply.IsUnknownInScript(err) { // of what the script calls, only sharded channels are newer than Redis 6.2
		w.cluster.classic.Store(true)
	}
	if !redisreply.Is(err) {
		w.cluster.redirected.forget(w.address)
	}
	w.failed(err)
	w.cluster.topologyChanged()
}

// loadScript tells Redis the script. An access list may forbid it.
func (w *shardWriter) loadScript() error {
	ctx, cancel := context.WithTimeout(context.Background(), batchBudget)
	defer cancel()
	return w.cluster.script.Load(ctx, w.client).Err()
}

// transact sends a script for each user, all of them at once.
func (w *shardWriter) transact(batch []Entry) ([]push, error) {
	ctx, cancel := context.WithTimeout(context.Background(), batchBudget)
	defer cancel()
	lines := w.lines.encode(batch)
	pushes := pushesOf(batch, w.users, lines)
	pipe := w.client.Pipeline()
	for i := range pushes {
		w.queueScript(ctx, pipe, &pushes[i])
		pushes[i].found = w.cluster.failures.queueAsking(ctx, pipe, &pushes[i])
	}
	counted := w.confirmed.queue(ctx, pipe, len(batch), time.Now())
	watching := w.pace.queue(ctx, pipe, w.cluster.viewers())
	w.tracker.begin(w.confirmed.asks())
	started := time.Now()
	_, err := pipe.Exec(ctx)
	w.pace.take(watching)
	err = w.takeCount(counted, len(batch), err)
	if err == nil {
		w.tracker.asked()
		w.recorder.measure(len(batch), time.Since(started))
	}
	w.cluster.failures.keep(w.client, batch, w.users, lines, pushes, false)
	return pushes, err
}

// sort finds out what became of a batch. It counts that in o, has what was written added to the user index, and returns what
// is to be written again, in order.
func (w *shardWriter) sort(batch []Entry, pushes []push, err error, o *settlement) (back []Entry) {
	verdicts := make([]verdict, len(pushes))
	for i := range pushes {
		verdicts[i] = w.judgeScript(&pushes[i], err)
	}
	written := batch[:0:0]
	for i := range batch {
		v := verdicts[w.users[i].pushed]
		o.add(&batch[i], v)
		switch v {
		case isWritten:
			written = append(written, batch[i])
		case isBack:
			back = append(back, batch[i])
		}
	}
	w.confirmed.note(batch)
	w.cluster.index.note(written)
	w.cluster.references.note(written)
	return back
}

// reason is why some entries of a batch have not been written: what Redis said, or how the connection failed. That another shard has
// a user's log is the reason only if there is no other one.
func (w *shardWriter) reason(pushes []push, err error) error {
	var elsewhere error
	for i := range pushes {
		switch reply := pushes[i].log.Err(); {
		case reply == nil, redisreply.IsWrongType(reply):
		case errors.Is(reply, errNotAsked):
			return err // of the asking
		case !redisreply.Is(reply):
			return reply
		case redisreply.IsRedirection(reply):
			elsewhere = reply
			w.cluster.redirected.note(reply)
		default:
			return fmt.Errorf("EVALSHA %s: %w", w.cluster.keys.Log("*"), reply)
		}
	}
	if elsewhere != nil || redisreply.IsWrongType(err) {
		return elsewhere
	}
	return err
}
