package store

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/store/internal/keys"
	"github.com/gin-userlog/userlog/store/internal/mask"
	"github.com/gin-userlog/userlog/store/internal/redisreply"
	"github.com/redis/go-redis/v9"
)

// How the writer paces itself.
const (
	maxBatch     = 100
	gatherTime   = 10 * time.Millisecond  // from the start of one batch to the next, unless it is full
	minBackoff   = 100 * time.Millisecond // between attempts to reach Redis, doubling
	maxBackoff   = 5 * time.Second        // and at most a quarter of the outage so far
	batchBudget  = 2 * writeTimeout       // of one transaction
	lossInterval = 10 * time.Second       // at least, between two reports of losses
)

// writer moves entries from the recorder's queue to Redis. All of it runs in one goroutine.
type writer struct {
	recorder  *recorder
	client    redis.UniversalClient
	tracker   *sendTracker
	keys      keys.Keys
	options   Options
	mask      *mask.Masker
	index     *userIndex
	heartbeat *heartbeat
	repeats   *repeats
	clock     *redisClock
	ids       entryIDs
	log       *slog.Logger

	buffer   []Entry // what batch is part of
	batch    []Entry // taken from the queue, fate not known yet
	lines    []byte
	timed    bool          // the batch has times by Redis' clock
	skewed   bool          // that this host's clock is wrong has been logged
	backoff  time.Duration // 0 while Redis answers
	users    []*knownUser  // of batch, whose entries they are
	long     []*knownUser  // users whose lists of what counts are to be trimmed
	unkept   bool          // Redis does not let us write lists of what counts
	foreign  bool          // that a key of the index holds something else has been logged
	awayAt   time.Time     // when Redis last ceased to answer
	refused  string        // the reason that Redis gave last in this outage, or ""
	logged   Stats         // the stats when losses were last logged,
	loggedAt time.Time     // and when that was
}

func newWriter(r *recorder, client redis.UniversalClient, tracker *sendTracker, keys keys.Keys, options Options) *writer {
	ids := newEntryIDs()
	return &writer{
		recorder: r, client: client, tracker: tracker, keys: keys, options: options,
		mask: mask.New(options.MaskQuery, options.AllowQuery), index: newUserIndex(keys, options.Retention),
		heartbeat: newHeartbeat(client, keys, options, strings.TrimSuffix(ids.process, "-")), repeats: newRepeats(keys), ids: ids, log: options.Logger,
		clock:  &redisClock{client: client},
		buffer: make([]Entry, 0, maxBatch),
	}
}

// run writes until the queue is empty after intake has ended.
func (w *writer) run() {
	defer w.heartbeat.tick.Stop()
	for w.await() {
		started := time.Now()
		w.prepare()
		for !w.attempt() {
			if !w.rest() {
				return // the batch has been given up as well
			}
		}
		w.index.forget(w.client, w.clock.now())
		if w.heartbeat.due() {
			w.report()
		}
		w.gather(started)
	}
	w.logLosses(true)
	w.trimKept()
	w.heartbeat.end(w.recorder.snapshot(), w.clock.measured())
}

// await fills the batch, waiting for entries if there are none, and reports meanwhile that this
// process is there. It returns false when there will be no more entries.
func (w *writer) await() bool {
	for {
		if w.batch = w.recorder.take(w.buffer[:0]); len(w.batch) > 0 {
			return true
		}
		w.logLosses(false)
		select {
		case <-w.recorder.work:
		case <-w.recorder.announced:
			w.report()
		case <-w.heartbeat.tick.C:
			if w.heartbeat.begun() {
				w.report()
			}
		case <-w.recorder.closed:
			w.batch = w.recorder.take(w.buffer[:0]) // what came in before intake ended
			return len(w.batch) > 0
		}
	}
}

// report sends a heartbeat. It is also how a site without users finds out that Redis is away.
func (w *writer) report() {
	ctx, cancel := context.WithTimeout(context.Background(), batchBudget)
	defer cancel()
	w.trimKept()
	_ = w.clock.refresh(ctx) // a heartbeat without an answer says what was known
	if err := w.heartbeat.send(w.recorder.snapshot(), w.clock.measured()); err != nil {
		w.failed(err)
	} else {
		w.succeeded()
	}
}

// gather lets entries collect for a while, so that a busy application costs few round trips.
func (w *writer) gather(started time.Time) {
	pause := time.NewTimer(gatherTime - time.Since(started))
	defer pause.Stop()
	for w.recorder.waiting() < maxBatch {
		select {
		case <-w.recorder.work:
		case <-pause.C:
			return
		case <-w.recorder.closed:
			return
		}
	}
}

// prepare counts and masks the batch, and gives every entry its id and its application.
func (w *writer) prepare() {
	w.timed = false
	w.users = make([]*knownUser, 0, len(w.batch))
	truncated, now := 0, time.Now()
	for i := range w.batch {
		e := &w.batch[i]
		w.heartbeat.traffic.add(e, now)
		e.mask(w.mask)
		if e.ID == "" {
			e.ID = w.ids.next()
		}
		if e.Application == "" {
			e.Application = w.options.Application
			e.cut(&e.Application)
		}
		if e.Truncated {
			truncated++
		}
		w.users = append(w.users, w.repeats.note(e))
	}
	w.recorder.settle(settlement{truncated: truncated})
}

// attempt writes the batch. It returns false where what is left of the batch must be written again, because Redis
// certainly has none of that.
func (w *writer) attempt() bool {
	ctx, cancel := context.WithTimeout(context.Background(), batchBudget)
	defer cancel()
	if w.backoff > 0 {
		// After a failure, entries are sent only once Redis has answered a PING. If they went into a dead connection,
		// nobody would know whether they were written. So they could not be sent again.
		// The PING is a transaction, as entries are. A Redis that refuses MULTI carries out the commands after it, so
		// it would push the entries at each attempt.
		probe := func(pipe redis.Pipeliner) error { return pipe.Ping(ctx).Err() }
		if _, err := w.client.TxPipelined(ctx, probe); err != nil {
			w.failed(err)
			return false
		}
	}
	w.setTimes(ctx)
	for _, group := range w.groups() {
		if !w.recorder.send(len(group)) {
			return true // it has been given up
		}
		o, err := w.transact(ctx, group)
		w.recorder.settle(o)
		if o == (settlement{}) {
			w.failed(err)
			return false
		}
		w.batch, w.users = w.batch[len(group):], w.users[len(group):]
		if o.indeterminate > 0 {
			w.failed(err)
		} else {
			w.succeeded()
		}
	}
	return true
}

// groups splits the batch into transactions: one, except on a Cluster, where a transaction can't
// span the logs of two users.
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

// clustered reports whether keys live on several servers.
func (w *writer) clustered() bool {
	switch w.client.(type) {
	case *redis.Client:
		return false
	}
	return true
}

// transact writes entries in one MULTI/EXEC: the order of the list is the order of the channel, and
// no list is ever without an expiry or too long. A zero settlement says that nothing was done.
func (w *writer) transact(ctx context.Context, entries []Entry) (settlement, error) {
	pipe := w.client.TxPipeline()
	pushed := w.queueCommands(ctx, pipe, entries)
	var others *redis.IntCmd
	if !w.unkept {
		others = w.queueAsking(ctx, pipe, pushed)
	}
	index := w.client.Pipeline()
	if !w.clustered() {
		index = pipe
	}
	added := w.index.queue(ctx, index, entries)
	w.tracker.begin()
	started := time.Now()
	commands, err := pipe.Exec(ctx)
	o := w.judge(entries, pushed, err)
	switch {
	case w.unkept:
	case o.written > 0:
		w.learn(pushed, time.Now())
		if others != nil && others.Val() > 0 {
			w.pushLate(ctx, pushed)
		}
	case w.isKeptRefused(commands):
		w.unkept = true
		w.log.Warn("userlog: the log store does not let what counts be kept apart, so that what pages fetch can push it out: " +
			"allow copy, lpushx and exists, and the keys " + w.keys.KeptPattern())
	}
	if err == nil {
		w.recorder.measure(len(entries), time.Since(started))
		if w.clustered() {
			_, err = index.Exec(ctx)
		}
	}
	w.indexed(added, entries, err)
	return o, w.refusal(commands, err)
}

// judge finds out what became of entries when their transaction ended with err.
func (w *writer) judge(entries []Entry, pushed []push, err error) (o settlement) {
	switch {
	case err == nil:
		o.written = len(entries)
	case slices.ContainsFunc(pushed, func(p push) bool { return p.done() }):
		for _, p := range pushed {
			switch {
			case p.log.Val() > 0:
				o.written += len(p.lines)
			case redisreply.Is(p.log.Err()):
				o.refused += len(p.lines)
			default: // the connection broke before this answer
				o.indeterminate += len(p.lines)
			}
		}
	case redisreply.IsMultiRefused(err):
		// Then what followed was carried out command by command, as far as it was permitted.
		o.indeterminate = len(entries)
	case redisreply.Is(err):
		// Redis refused the whole transaction, or already the connection.
	case w.tracker.mayHaveArrived(err):
		o.indeterminate = len(entries)
	}
	return o
}

// queueCommands queues, per user, one LPUSH, LTRIM and PEXPIRE, what the list of what counts needs, and one PUBLISH per
// entry.
func (w *writer) queueCommands(ctx context.Context, pipe redis.Pipeliner, entries []Entry) []push {
	lines := w.encode(entries)
	pushes, now := w.byUser(entries, lines), time.Now()
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
	if !w.options.NoPublish {
		for i := range entries {
			if w.options.sharded(w.client) {
				command(ctx, pipe, "spublish", w.keys.SlotChannel(w.keys.Slot(entries[i].Username)), &lines[i])
			} else {
				command(ctx, pipe, "publish", w.users[i].lists.channel, &lines[i])
			}
		}
	}
	return pushes
}

// byUser sorts the lines of entries by their users, in the order of the first entry of each.
func (w *writer) byUser(entries []Entry, lines []string) []push {
	pushes := make([]push, 0, len(entries))
	for i := range entries {
		u := w.users[i]
		if n := u.pushed; n >= len(pushes) || pushes[n].user != u {
			u.pushed = len(pushes)
			pushes = append(pushes, push{user: u})
		}
		pushes[u.pushed].add(&lines[i], entries[i].Counts())
	}
	return pushes
}

// encode returns the line of each entry. All of them share one allocation.
func (w *writer) encode(entries []Entry) []string {
	ends := make([]int, len(entries))
	w.lines = w.lines[:0]
	for i := range entries {
		w.lines = entries[i].appendLine(w.lines)
		ends[i] = len(w.lines)
	}
	all, start := string(w.lines), 0
	lines := make([]string, len(entries))
	for i, end := range ends {
		lines[i], start = all[start:end], end
	}
	return lines
}
