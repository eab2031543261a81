package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gin-userlog/userlog/store/internal/keys"
	"github.com/gin-userlog/userlog/store/internal/redisreply"
	"github.com/redis/go-redis/v9"
)

// How the writer paces itself.
const (
	maxBatch     = 100
	minBackoff   = 100 * time.Millisecond // between attempts to reach Redis, doubling
	maxBackoff   = 2 * time.Second        // and at most a quarter of the outage so far
	batchBudget  = 2 * writeTimeout       // of one question, or one transaction
	lossInterval = 10 * time.Second       // at least, between two reports of losses
)

// writer moves entries from the recorder's queue to one Redis. All of it runs in one goroutine.
type writer struct {
	outage
	*preparer
	losses lossLog

	recorder  *recorder
	client    redis.UniversalClient
	tracker   *sendTracker
	keys      keys.Keys
	options   Options
	index     *userIndex
	heartbeat *heartbeat
	clock     *redisClock
	pace      pace
	confirmed *confirmed // nil where keys live on several servers
	failures  *failureKeeper

	buffer    []Entry // what batch is part of
	batch     []Entry // taken from the queue, fate not known yet
	lines     lineEncoder
	users     []*knownUser    // of batch, whose entries they are
	published []*redis.IntCmd // of the transaction
	long      []*knownUser    // users whose kept lists are to be trimmed
	unkept    bool            // Redis does not let us write kept lists
}

func newWriter(r *recorder, client redis.UniversalClient, tracker *sendTracker, index *userIndex, keys keys.Keys, options Options) *writer {
	w := &writer{
		recorder: r, client: client, tracker: tracker, keys: keys, options: options, preparer: newPreparer(r, keys, options, false),
		outage: outage{recorder: r, section: r.only(), log: options.Logger}, losses: lossLog{recorder: r, log: options.Logger},
		index: index, clock: &redisClock{client: client}, buffer: make([]Entry, 0, maxBatch), failures: newFailureKeeper(keys, options),
	}
	w.heartbeat = newHeartbeat(client, keys, options, &w.traffic, w.process(), &r.switched, w.clock)
	return w
}

// run writes until the queue is empty after intake has ended.
func (w *writer) run() {
	defer w.heartbeat.tick.Stop()
	for w.await() {
		w.prepareBatch()
		for !w.attempt() {
			if !w.rest(nil) {
				return // the batch has been given up as well
			}
			if w.recorder.withdraw(w.batch) {
				break
			}
		}
		w.references.flush(w.client)
		w.index.forget(w.client, w.clock.now())
		if w.heartbeat.due() {
			w.report()
		}
		w.losses.losses(false)
		if w.pace.unwatched() {
			w.recorder.gather(w.section, w.pace.due(), nil)
		}
	}
	w.losses.losses(true)
	w.trimKept()
	w.heartbeat.end(w.recorder.snapshot(), w.clock.measured())
}

// await fills the batch, and waits for entries if there are none. Meanwhile it sends heartbeats. It returns
// false when there will be no more entries.
func (w *writer) await() bool {
	for {
		if w.recorder.waiting(w.section) > 0 {
			if !w.readSwitches() {
				if !w.rest(nil) {
					return false
				}
				continue
			}
			w.recorder.gather(w.section, w.pace.due(), nil)
		}
		if w.batch = w.recorder.take(w.section, w.buffer[:0]); len(w.batch) > 0 {
			return true
		}
		if !w.heartbeat.begun() && w.recorder.snapshot().LeftOut > 0 {
			w.report() // heartbeats begin where all is left out, too: they bring other switches
		}
		w.losses.losses(false)
		select {
		case <-w.section.work:
		case <-w.recorder.overdue():
		case <-w.recorder.announced:
			w.report()
		case <-w.heartbeat.tick.C:
			if w.heartbeat.begun() {
				w.report()
			}
		case <-w.recorder.closed:
			if w.batch = w.recorder.take(w.section, w.buffer[:0]); len(w.batch) > 0 { // what came in before intake ended
				return true
			}
			if w.recorder.waiting(w.section) == 0 {
				return false
			}
		}
	}
}

// readSwitches reads the switches before anything is written. It returns false where Redis does not answer.
func (w *writer) readSwitches() bool {
	if w.recorder.switched.known.Load() {
		return true
	}
	if err := w.heartbeat.switches.readOnce(); err != nil {
		w.fail(err)
		return false
	}
	w.succeeded() // also where they leave everything out, so that nothing is written
	return true
}

// report sends a heartbeat. It is also how a site without users finds out that Redis is away.
func (w *writer) report() {
	w.trimKept()
	w.references.flush(w.client)
	w.index.forget(w.client, w.clock.now()) // also where nobody makes a request
	ctx, cancel := context.WithTimeout(context.Background(), batchBudget)
	defer cancel()
	_ = w.clock.refresh(ctx) // a heartbeat without an answer says what was known
	w.heartbeat.switches.refresh(ctx)
	if err := w.heartbeat.send(w.recorder.snapshot(), w.clock.measured()); err != nil {
		w.failed(err)
	} else {
		w.succeeded()
	}
}

// prepareBatch makes the batch ready to be written.
func (w *writer) prepareBatch() {
	var o settlement
	w.users, o.truncated = w.prepare(w.batch, make([]*knownUser, 0, len(w.batch)))
	w.recorder.settle(w.section, o)
}

// attempt writes the batch. It returns false where what is left of the batch must be written again, because Redis
// certainly has none of that.
func (w *writer) attempt() bool {
	if w.backoff > 0 {
		if err := w.probe(); err != nil {
			w.fail(err)
			return false
		}
	}
	w.setTimes()
	w.index.look()
	w.pace.begin(w.client, w.viewers(), time.Now())
	for _, group := range w.groups() {
		if !w.recorder.send(w.section, group) {
			return true // it has been given up
		}
		o, err := w.transact(group)
		if errors.Is(err, errNotAsked) {
			if err = w.probe(); err == nil {
				o, err = w.transact(group)
			}
		}
		w.recorder.settle(w.section, o)
		if o.decided() == 0 {
			w.fail(err)
			return false
		}
		w.batch, w.users = w.batch[len(group):], w.users[len(group):]
		if o.indeterminate > 0 {
			w.fail(err)
		} else {
			w.succeeded()
		}
	}
	return true
}

// fail notes an attempt that failed. Where the server says that it can't be written to, the connection ends: behind a proxy or
// a name in DNS there may be another server by now, while this one answers everything else.
func (w *writer) fail(err error) {
	if stateOfServer(err) != "" {
		w.tracker.hangUp()
	}
	w.failed(err)
}

// probe asks Redis for an answer, and whether it still has the entries that it had confirmed. After a failure no entries are sent
// before there is an answer: if they went into a dead connection, it would not be known whether they were written, and they could
// not be sent again. The question is a transaction, too, so that it fails where Redis refuses MULTI. Otherwise each attempt would
// send the batch, and Redis would carry out its commands one by one.
func (w *writer) probe() error {
	ctx, cancel := context.WithTimeout(context.Background(), batchBudget)
	defer cancel()
	w.tracker.begin(false)
	pipe := w.client.TxPipeline()
	counted := w.queueCounting(ctx, pipe, nil)
	if counted == nil {
		pipe.Ping(ctx)
	}
	commands, err := pipe.Exec(ctx)
	w.doWithout(commands)
	if err == nil {
		w.tracker.asked()
		w.noteCounted(counted, nil)
	}
	return w.refusal(commands, err)
}

// groups splits the batch into transactions: one, except where there are several servers, since a transaction can't
// span the logs of two users there.
func (w *writer) groups() [][]Entry {
	if !w.clustered() {
		return [][]Entry{w.batch}
	}
	var groups [][]Entry
	for rest := w.batch; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Username == rest[0].Username {
			n++
		}
		groups, rest = append(groups, rest[:n]), rest[n:]
	}
	return groups
}

// clustered reports whether keys live on several servers, as with a redis.Ring. A Cluster has writers of its own.
func (w *writer) clustered() bool {
	switch w.client.(type) {
	case *redis.Client:
		return false
	}
	return true
}

// viewers is the channel by which the writer learns whether anybody watches.
func (w *writer) viewers() string {
	if w.clustered() {
		return ""
	}
	return w.keys.Viewers()
}

// transact writes entries in one MULTI/EXEC: the order of the list is the order of the channel, and
// no list is ever without an expiry or too long. A zero settlement says that nothing was done.
func (w *writer) transact(entries []Entry) (settlement, error) {
	ctx, cancel := context.WithTimeout(context.Background(), batchBudget)
	defer cancel()
	pipe := w.client.TxPipeline()
	lines := w.lines.encode(entries)
	pushed := w.queueCommands(ctx, pipe, entries, lines)
	var others *redis.IntCmd
	if !w.unkept {
		others = w.queueAsking(ctx, pipe, pushed)
	}
	index := w.client.Pipeline()
	if !w.clustered() {
		index = pipe
	}
	added := w.index.queue(ctx, index, entries)
	counted := w.queueCounting(ctx, pipe, entries)
	watching := w.pace.queue(ctx, pipe, w.viewers())
	w.tracker.begin(w.confirmed.asks())
	started := time.Now()
	commands, err := pipe.Exec(ctx)
	w.pace.take(watching)
	o := w.judge(entries, pushed, err)
	if !w.unkept && o.decided() > 0 {
		w.learn(pushed, time.Now())
		if others != nil && others.Val() > 0 {
			w.pushLate(ctx, pushed)
		}
		w.failures.keep(w.client, entries, w.users, lines, pushed, others != nil && others.Val() > 0)
	}
	if err != nil {
		w.doWithout(commands)
	} else {
		w.tracker.asked()
		w.recorder.measure(len(entries), time.Since(started))
		if slices.ContainsFunc(w.published, func(p *redis.IntCmd) bool { return p.Val() > 0 }) {
			w.pace.heard()
		}
		w.noteCounted(counted, entries)
		w.references.note(entries)
		if w.clustered() {
			_, err = index.Exec(ctx)
		}
	}
	w.indexed(added, entries, err)
	return o, w.refusal(commands, err)
}

// queueCounting queues the counting of entries, or of none.
func (w *writer) queueCounting(ctx context.Context, pipe redis.Pipeliner, entries []Entry) *redis.FloatCmd {
	if w.confirmed == nil || len(entries) == 0 && !w.confirmed.asks() {
		return nil
	}
	return w.confirmed.queue(ctx, pipe, len(entries), time.Now())
}

// noteCounted notes what the count of written entries tells about entries before them: some may be lost. Where the count was only
// asked for, the entries of the batch are still to be written, and tell that.
func (w *writer) noteCounted(counted *redis.FloatCmd, entries []Entry) {
	if counted == nil {
		return
	}
	lost := w.confirmed.take(counted.Val(), len(entries), time.Now())
	if len(entries) == 0 {
		w.undo(lost, w.batch)
		return
	}
	w.undo(lost, nil)
	w.confirmed.note(entries)
}

// judge finds out what became of entries when their transaction ended with err.
func (w *writer) judge(entries []Entry, pushed []push, err error) (o settlement) {
	known := err != nil && slices.ContainsFunc(pushed, func(p push) bool { return p.done() })
	v := w.verdict(err)
	for i := range entries {
		if known {
			v = pushed[w.users[i].pushed].verdict()
		}
		o.add(&entries[i], v)
	}
	return o
}

// verdict is what came of all entries of a transaction that ended with err, unless the fate of some is known.
func (w *writer) verdict(err error) verdict {
	switch {
	case err == nil:
		return isWritten
	case redisreply.IsMultiRefused(err):
		return isInDoubt // without MULTI, Redis has carried out the commands one by one, as far as it permits them
	case redisreply.Is(err):
		return isBack // Redis refused the whole transaction, or already the connection
	case w.tracker.mayHaveArrived(err):
		return isInDoubt
	}
	return isBack
}

// verdict is what came of the entries of one user in a transaction of which the fate of some is known.
func (p *push) verdict() verdict {
	switch {
	case p.log.Val() > 0:
		return isWritten
	case redisreply.Is(p.log.Err()):
		return isRefused
	}
	return isInDoubt // the connection broke before this answer
}

// queueCommands queues, for each user, one LPUSH, LTRIM and PEXPIRE, and what the kept list needs. For each entry it queues one
// PUBLISH.
func (w *writer) queueCommands(ctx context.Context, pipe redis.Pipeliner, entries []Entry, lines []string) []push {
	w.published = w.published[:0]
	pushes, now := pushesOf(entries, w.users, lines), time.Now()
	retention, last := any(w.options.Retention.Milliseconds()), any(w.options.MaxEntries-1)
	for i := range pushes {
		p := &pushes[i]
		if !w.unkept {
			w.queueKept(ctx, pipe, p, now)
		}
		log := p.user.lists.log
		p.log = commandOf(ctx, pipe, "lpush", log, p.lines)
		_ = pipe.Process(ctx, redis.NewStatusCmd(ctx, "ltrim", log, 0, last)) // as in command
		command(ctx, pipe, "pexpire", log, retention)
	}
	if !w.options.NoPublish && !w.recorder.switched.unpublished.Load() {
		for i := range entries {
			w.published = append(w.published, command(ctx, pipe, "publish", w.users[i].lists.channel, &lines[i]))
		}
	}
	return pushes
}
