package feed

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/failures"
	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// Limits of one round.
const (
	roundTimeout = 4 * time.Second
	maxRound     = 100 // topics
)

// round takes snapshots of some topics of a connection, and then publishes a barrier to the connection itself. A barrier is a text
// that only this round sends. When the connection hears the barrier, it has heard everything that was published before the
// snapshots. So lists and channels can be joined without a gap. A round without topics only tests the connection. On a Cluster
// a round also asks whether the server still has its slots.
type round struct {
	number   int // of the connection's
	barrier  string
	probe    string // the channel for the barrier
	topics   []*topic
	everyone *topic           // on a Cluster, with slots
	slots    map[uint16]bool  // of everyone's topic, those that the round reads
	epochs   map[*channel]int // of the channels of these slots
	synced   bool             // everyone's topic was synced when the round began
	check    bool             // on a Cluster, whether the server has its slots
	full     int              // a list of so many entries may have been cut off
	deadline time.Time
	read     *findings // nil until the lists have been read
	heard    bool
}

// findings are what a round has read.
type findings struct {
	snapshots map[*topic]snapshot
	astray    map[*topic]bool // the list is on its way to another master
	holding   *holding        // on a Cluster; nil = the server does not say
	moved     bool            // the server refused the barrier, since another one has the slot of the probe
}

// snapshot is what the feed has read from Redis to join or rejoin one topic.
type snapshot struct {
	entries []*Line               // oldest first
	kept    []*Line               // what counts and is older than entries, oldest first
	failed  failures.List[*Line]  // the last failures of the user
	reaches func(last *Line) bool // whether entries are known to go back to the last one seen, or nil
	newest  map[string]newestLine // of each user who has a log

	// Of everyone:
	before []*Line         // the entries before these, as far as they are known
	order  certainty       // how exactly the order of entries is known
	whole  bool            // newest has all users
	slots  map[uint16]bool // on a Cluster: the snapshot is about users whose logs are in these slots
	about  func(username string) bool
}

// proceed starts whatever is due on the connection.
func (c *connection) proceed(now time.Time) {
	switch {
	case !c.up:
	case c.round != nil:
		if now.After(c.round.deadline) {
			c.feed.lose(c, fmt.Errorf("nothing has been heard for %s", now.Sub(c.heardAt).Round(time.Second)))
		}
	case !c.emptyAt.IsZero() && now.Sub(c.emptyAt) > linger:
		c.feed.drop(c)
	case !c.deaf.IsZero():
		if now.Sub(c.deaf) > roundTimeout {
			c.feed.lose(c, fmt.Errorf("the subscription to %s is not confirmed", c.probe))
		}
	case c.isDue(now):
		c.startRound(now)
	}
}

// isDue reports whether there is something to be read, or the connection to be tested.
func (c *connection) isDue(now time.Time) bool {
	return len(c.waiting) > 0 || c.everyone != nil && c.unheard == 0 || now.Sub(c.heardAt) > probeInterval || c.isCheckDue(now)
}

// isCheckDue reports whether it is time to look whether the server has its slots still.
func (c *connection) isCheckDue(now time.Time) bool {
	return c.sharded && now.Sub(c.checkedAt) > checkInterval
}

// startRound takes snapshots of the topics that wait, in the background.
func (c *connection) startRound(now time.Time) {
	f := c.feed
	c.rounds++
	r := &round{number: c.rounds, barrier: strconv.FormatInt(now.UnixNano(), 36), probe: c.probe, check: c.isCheckDue(now), deadline: now.Add(roundTimeout), full: f.options.MaxEntries}
	if f.reports.Shortest > 0 {
		r.full = min(r.full, f.reports.Shortest) // applications may keep less than we would read
	}
	var k knowledge // thousands of users: copied only where everyone's logs are read
	for t := range c.waiting {
		if len(r.topics) == maxRound {
			break
		}
		r.topics = append(r.topics, t)
		delete(c.waiting, t)
		if t.everyone() {
			k = t.knowledge()
		}
	}
	if c.everyone != nil && c.unheard == 0 {
		if slots, epochs := c.toBeRead(c.everyone); len(slots) > 0 {
			r.everyone, r.slots, r.epochs, k = c.everyone, slots, epochs, c.everyone.knowledge()
			r.synced = k.synced
		}
		c.everyone = nil
	}
	if r.check {
		c.checkedAt = now
	}
	c.round = r
	go func() {
		found, err := c.readAll(r, k)
		c.report(func() { c.takeFindings(r, found, err) })
	}()
}

// giveUpRound gives up the round under way. The next round reads what this one was to read.
func (c *connection) giveUpRound() {
	if c.round == nil {
		return
	}
	for _, t := range c.round.topics {
		if c.feed.topics[t.username] == t {
			c.waiting[t] = true
		}
	}
	if t := c.round.everyone; t != nil {
		c.everyone = t
	}
	c.round = nil
}

// readAll takes the snapshots, and publishes the barrier after them.
func (c *connection) readAll(r *round, k knowledge) (*findings, error) {
	f := c.feed
	ctx, cancel := context.WithTimeout(f.context, roundTimeout)
	defer cancel()
	if r.check {
		if err := c.isCut(ctx, r.probe); err != nil {
			return nil, err
		}
	}
	found := &findings{snapshots: make(map[*topic]snapshot, len(r.topics)), astray: map[*topic]bool{}}
	reader := everyoneReader{feed: f, client: c.server.client, knowledge: k, full: r.full}
	if r.everyone != nil {
		reader.slots = maps.Clone(r.slots)
		everyone, err := reader.read(ctx)
		if err != nil {
			return nil, err
		}
		found.snapshots[r.everyone] = everyone
	}
	pipe := c.server.client.Pipeline()
	lists := make(map[*topic]listCommands)
	for _, t := range r.topics {
		if t.everyone() {
			everyone, err := reader.read(ctx)
			if err != nil {
				return nil, err
			}
			found.snapshots[t] = everyone
			continue
		}
		lists[t] = f.queueReading(ctx, pipe, t.username)
	}
	exec := redisreply.Exec
	if c.sharded {
		exec = redisreply.ExecOnMaster
	}
	if err := exec(ctx, pipe); err != nil {
		return nil, fmt.Errorf("read logs: %w", err)
	}
	// In one pipeline with the lists, the barrier could be heard before the lists are read: go-redis repeats what is answered late.
	pipe = c.server.client.Pipeline()
	published, nodes := c.queueBarrier(ctx, pipe, r)
	if err := exec(ctx, pipe); err != nil {
		return nil, fmt.Errorf("ask for what was published: %w", err)
	}
	for t, commands := range lists {
		if commands.redirected(r.full) {
			found.astray[t] = true
		} else {
			read := f.snapshotOf(t.username, commands.list.Val(), commands.kept.Val(), commands.left.Val(), r.full)
			read.failed = f.failuresOf(t.username, commands.failed.Val())
			found.snapshots[t] = read
		}
	}
	found.moved = redisreply.IsRedirection(published.Err())
	if nodes != nil {
		found.holding = parseHolding(nodes.Val())
	}
	return found, nil
}

// isCut returns an error where the server is cut off from most other masters. Such a server accepts subscriptions and barriers all
// the same. But no application can record there, and another server may have taken over.
func (c *connection) isCut(ctx context.Context, key string) error {
	if err := c.server.client.PTTL(ctx, key).Err(); redis.HasErrorPrefix(err, "CLUSTERDOWN") {
		return fmt.Errorf("read at %s: %w", c.server.address, err)
	}
	return nil
}

// queueBarrier queues the barrier, and before it, on a Cluster, the question about slots.
func (c *connection) queueBarrier(ctx context.Context, pipe redis.Pipeliner, r *round) (published *redis.IntCmd, nodes *redis.StringCmd) {
	if c.sharded {
		nodes = pipe.ClusterNodes(ctx)
		return pipe.SPublish(ctx, r.probe, r.barrier), nodes
	}
	return pipe.Publish(ctx, r.probe, r.barrier), nodes
}

// listCommands are the commands that read the log of one user.
type listCommands struct {
	kept, list *redis.StringSliceCmd
	failed     *redis.ZSliceCmd
	left       *redis.DurationCmd
}

// queueReading queues these commands. The kept list is read before the log: what it holds and the log has lost meanwhile is then
// older than all that the log holds.
func (f *Feed) queueReading(ctx context.Context, pipe redis.Pipeliner, username string) listCommands {
	last := int64(f.options.MaxEntries) - 1
	return listCommands{
		failed: pipe.ZRangeWithScores(ctx, f.options.Keys.Failures(username), 0, -1),
		kept:   pipe.LRange(ctx, f.options.Keys.Kept(username), 0, last),
		list:   pipe.LRange(ctx, f.options.Keys.Log(username), 0, last),
		left:   pipe.PTTL(ctx, f.options.Keys.Log(username)),
	}
}

// redirected reports whether another master has the list, or what has left it. Nothing has left a list that is not full. While a slot moves,
// its old master redirects each question about a key that it does not have, also where there is no such key.
func (l listCommands) redirected(full int) bool {
	moved := func(c redis.Cmder) bool { return redisreply.IsRedirection(c.Err()) }
	return moved(l.list) || moved(l.left) || len(l.list.Val()) >= full && (moved(l.kept) || moved(l.failed))
}

// snapshotOf turns a list around. The snapshot reaches back to every entry that it contains. It reaches an empty ring if the
// list is not full, since then no entry was cut off.
func (f *Feed) snapshotOf(username string, lines, kept []string, left time.Duration, full int) snapshot {
	r := snapshot{entries: f.oldestFirst(username, lines)}
	if n := len(r.entries); n > 0 {
		r.newest = map[string]newestLine{username: head{username, r.entries[n-1], left}.remembered(time.Now())}
	}
	if len(lines) >= full { // else the list has lost nothing
		r.kept = f.olderThan(r.entries, username, kept)
	}
	entries := r.entries
	r.reaches = func(last *Line) bool {
		if last == nil {
			return len(lines) < full
		}
		return slices.ContainsFunc(entries, func(e *Line) bool { return e.ID == last.ID })
	}
	return r
}

// failuresOf reads what is kept of a user's failures.
func (f *Feed) failuresOf(username string, members []redis.Z) failures.List[*Line] {
	return failures.Read(members, func(line string) (*Line, bool) {
		e, err := f.decode(username, line)
		return e, err == nil
	})
}

// olderThan returns the entries of a user's kept list that count and are not in the log: all of them are older than the log.
func (f *Feed) olderThan(entries []*Line, username string, kept []string) []*Line {
	listed := idsOf(entries)
	return slices.DeleteFunc(f.oldestFirst(username, kept), func(e *Line) bool { return listed[e.ID] || !e.Counts })
}

// oldestFirst returns the entries of a list, each one once. A line that is no entry is left out.
func (f *Feed) oldestFirst(username string, lines []string) []*Line {
	entries := make([]*Line, 0, len(lines))
	known := make(map[string]bool, len(lines))
	for _, line := range lines { // of entries with the same id the newest counts
		if e, err := f.decode(username, line); err == nil && !known[e.ID] {
			known[e.ID] = true
			entries = append(entries, e)
		}
	}
	slices.Reverse(entries)
	return entries
}

// decode reads one line.
func (f *Feed) decode(username, line string) (*Line, error) {
	decoded, err := f.options.Decode(username, line)
	if err != nil {
		return nil, err
	}
	decoded.Username = username
	decoded.Cursor = decoded.ID
	return &decoded, nil
}

// decodeNamed reads one line that says itself whose it is.
func (f *Feed) decodeNamed(line string) (*Line, error) {
	decoded, err := f.options.DecodeNamed(line)
	if err != nil {
		return nil, err
	}
	decoded.Cursor, decoded.slot = decoded.ID, f.options.Keys.Slot(decoded.Username)
	return &decoded, nil
}

// takeFindings takes the result of readAll.
func (c *connection) takeFindings(r *round, found *findings, err error) {
	switch {
	case r != c.round:
	case err != nil:
		c.feed.lose(c, err)
	case found.moved:
		c.changeProbe()
	default:
		r.read = found
		c.finishRound()
	}
}

// echoed notes that a message came on the connection's own channel: a barrier came back.
func (c *connection) echoed(m *redis.Message) {
	if r := c.round; r != nil && m.Channel == r.probe && r.barrier == m.Payload {
		r.heard = true
		c.finishRound()
	}
}

// finishRound sets the round's topics live when its lists have been read and its barrier was heard.
func (c *connection) finishRound() {
	r, f := c.round, c.feed
	if r.read == nil || !r.heard {
		return
	}
	c.round = nil
	f.noteRecovery()
	now := time.Now()
	if h := r.read.holding; h != nil {
		c.giveUp(h, r.number)
	}
	for _, t := range r.topics {
		switch {
		case f.topics[t.username] != t || c.waiting[t] || !c.hears(t): // it is given up, or was confirmed again after the snapshot
		case r.read.astray[t]:
			t.miss(nil, now) // until its slot has moved, or a check finds that it has not
		case r.read.holding != nil && f.isOutdated(t.channel.slot, r.read.holding.epoch, now):
			f.displaceOutdated(c, r.read.holding.epoch, now)
		default:
			if h := r.read.holding; h != nil {
				f.owners[t.channel.slot] = ownership{h.epoch, now}
			}
			t.goLive(r.read.snapshots[t])
			f.tellSilence(t)
		}
	}
	if t := r.everyone; t != nil && f.topics[t.username] == t {
		c.finishEveryone(t, r)
	}
	if r.check && r.read.holding != nil {
		c.readAgain(r.read.holding)
	}
}
