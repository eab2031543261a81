package store

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/keys"
)

// How a Cluster is followed.
const (
	topologyInterval = 10 * time.Second       // between two looks at which master has which slots, where nothing fails
	topologyPause    = 50 * time.Millisecond  // at least
	indexPause       = 500 * time.Millisecond // between two additions to the user index
)

// clusterWriter writes to a Cluster. It has a writer for each shard, so that a dead shard holds up the entries of its own users
// only. At the start, entries of all users wait for the master of the switches. The clusterWriter itself follows the topology, and writes
// what belongs to no single log: the user index and heartbeats.
type clusterWriter struct {
	*preparer
	losses   lossLog
	unrouted outage // while it is not known which shards there are

	recorder  *recorder
	client    *redis.ClusterClient // for all but logs
	keys      keys.Keys
	options   Options
	index     *userIndex
	heartbeat *heartbeat
	clock     *redisClock
	script    *redis.Script
	failures  *failureKeeper
	log       *slog.Logger
	classic   atomic.Bool // the servers know no sharded channels, or the names are those of django-userlog

	changed    chan struct{}           // capacity 1: the topology is to be looked at
	shards     map[string]*shardWriter // by address; belongs to follow
	channels   []string                // of slots: keys by which the client finds the master of each slot
	route      []*section              // by slot
	redirected redirections
	ended      chan struct{} // closed when everything has been written or given up
	writers    sync.WaitGroup
	bequests   bequests
	calm       map[string]*calmLog // by address of a shard
	moves      calmLog
}

func newClusterWriter(r *recorder, client *redis.ClusterClient, index *userIndex, keys keys.Keys, options Options, sharded bool) *clusterWriter {
	c := &clusterWriter{
		recorder: r, client: client, keys: keys, options: options, preparer: newPreparer(r, keys, options, sharded),
		losses: lossLog{recorder: r, log: options.Logger}, unrouted: outage{recorder: r, section: r.only(), log: options.Logger},
		index: index, clock: &redisClock{client: client}, script: redis.NewScript(logScript), failures: newFailureKeeper(keys, options), log: options.Logger,
		changed: make(chan struct{}, 1), ended: make(chan struct{}), shards: make(map[string]*shardWriter), calm: make(map[string]*calmLog),
	}
	c.classic.Store(!sharded)
	c.heartbeat = newHeartbeat(client, keys, options, &c.traffic, c.process(), &r.switched, c.clock)
	r.slot = keys.Slot
	return c
}

// run writes until the queue is empty after intake has ended.
func (c *clusterWriter) run() {
	var follower sync.WaitGroup
	follower.Go(c.follow)
	c.keep()
	close(c.ended)
	follower.Wait()
	for _, shard := range c.shards {
		close(shard.stopped)
	}
	c.writers.Wait()
	c.losses.losses(true)
	_ = c.addToIndex()
	c.references.flush(c.client)
	c.heartbeat.end(c.recorder.snapshot(), c.clock.measured())
}

// keep reports this process and keeps the user index, until everything has been written or given up.
func (c *clusterWriter) keep() {
	defer c.heartbeat.tick.Stop()
	tick := time.NewTicker(indexPause)
	defer tick.Stop()
	for {
		select {
		case <-c.recorder.announced:
			c.report()
		case <-c.heartbeat.tick.C:
			if c.heartbeat.begun() {
				c.report()
			} else {
				c.heartbeat.switches.refresh(context.Background()) // which the first entry must not find as they were long ago
			}
		case <-tick.C:
			c.losses.losses(false)
			_ = c.addToIndex()
			c.references.flush(c.client)
			c.index.forget(c.client, c.clock.now())
			if s := c.recorder.snapshot(); c.heartbeat.due() && s.Accepted+s.LeftOut > 0 {
				c.report()
			}
		case <-c.recorder.drained:
			return
		case <-c.recorder.given:
			return
		}
	}
}

// report sends a heartbeat. Where it fails, the topology may have changed.
func (c *clusterWriter) report() {
	c.index.forget(c.client, c.clock.now()) // also where nobody makes a request
	ctx, cancel := context.WithTimeout(context.Background(), batchBudget)
	defer cancel()
	_ = c.clock.refresh(ctx) // without an answer, the heartbeat has the last difference that was measured
	c.heartbeat.switches.refresh(ctx)
	c.clock.tell(c.log)
	_ = c.index.layout.settle(ctx) // if it fails, the next heartbeat tries again
	if err := c.heartbeat.send(c.recorder.snapshot(), c.clock.measured()); err != nil {
		c.topologyChanged()
	}
}

// addToIndex writes what the shards have noted for the user index. Where it fails, the topology may have changed.
func (c *clusterWriter) addToIndex() error {
	ctx, cancel := context.WithTimeout(context.Background(), batchBudget)
	defer cancel()
	c.index.look()
	err := c.index.flush(ctx, c.client, c.recorder, c.log)
	if err != nil {
		c.topologyChanged()
	}
	return err
}

// introduce writes the users of a batch to the user index before the batch is written. A feed finds the lists of all users by the
// index. So the index must have a user before Redis has the user's entries. If the index can't be written, the entries are written all the same.
func (c *clusterWriter) introduce(batch []Entry) {
	if c.index.introduce(batch) && c.addToIndex() != nil {
		c.index.notIntroduced()
	}
}

// topologyChanged has the topology looked at.
func (c *clusterWriter) topologyChanged() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// follow starts and stops the writers of shards, and decides which slots each of them has.
func (c *clusterWriter) follow() {
	interval := topologyInterval
	if c.client.Options().ClusterSlots != nil { // a function of the host names the masters, for instance by asking Sentinels
		interval = followInterval
	}
	closed := c.recorder.closed
	for {
		next := interval
		if err := c.look(); err != nil {
			c.unrouted.failed(err)
			next = c.unrouted.backoff
			if closed == nil {
				next = minBackoff // what waits has not long
			}
		}
		timer := time.NewTimer(next)
		select {
		case <-c.ended:
			timer.Stop()
			return
		case <-timer.C:
		case <-closed:
			timer.Stop()
			closed = nil
		case <-c.changed:
			timer.Stop()
		}
		select { // other writers that saw the same failure need no further look
		case <-c.ended:
			return
		case <-time.After(topologyPause):
		}
	}
}

// look asks the Cluster which master has which slots, and sends entries there from now on.
func (c *clusterWriter) look() error {
	ctx, cancel := context.WithTimeout(context.Background(), 4*writeTimeout)
	defer cancel()
	// A client that gets no answer goes on with an older one. That does no harm.
	if err := c.client.ForEachMaster(ctx, func(context.Context, *redis.Client) error { return nil }); err != nil {
		return err
	}
	masters, err := c.masters(ctx)
	if err != nil {
		return err
	}
	if err := c.heartbeat.switches.readOnce(); err != nil {
		return err
	}
	c.unrouted.succeeded()
	c.take(ctx, masters)
	return nil
}

// masters returns the options of the clients of the masters of all slots.
func (c *clusterWriter) masters(ctx context.Context) ([]*redis.Options, error) {
	if c.channels == nil {
		c.channels = make([]string, keys.Slots)
		for slot := range c.channels {
			c.channels[slot] = c.keys.SlotChannel(uint16(slot))
		}
	}
	masters := make([]*redis.Options, keys.Slots)
	for slot, channel := range c.channels {
		master, err := c.client.MasterForKey(ctx, channel)
		if err != nil {
			return nil, err
		}
		masters[slot] = master.Options()
	}
	c.redirected.apply(masters)
	return masters, nil
}

// take has the entries of each slot sent to its master. It starts writers for new masters, and stops those of masters that have no
// slot any more.
func (c *clusterWriter) take(ctx context.Context, masters []*redis.Options) {
	route, used, started := c.routeTo(masters)
	if slices.Equal(route, c.route) {
		return
	}
	if c.route == nil {
		_ = c.clock.refresh(ctx) // entries that wait already get the time of Redis, if it can be had
	}
	c.route = route
	sections := make([]*section, 0, len(used))
	for _, address := range slices.Sorted(maps.Keys(used)) {
		sections = append(sections, c.shards[address].section)
	}
	c.recorder.reroute(sections, route)
	stopped := c.stopAllBut(used)
	for _, shard := range started {
		shard.before = stopped
		c.writers.Go(shard.run)
	}
}

// routeTo returns the section of each slot, the addresses of all masters, and writers for those that are new.
func (c *clusterWriter) routeTo(masters []*redis.Options) (route []*section, used map[string]bool, added []*shardWriter) {
	route, used = make([]*section, len(masters)), make(map[string]bool)
	for slot, master := range masters {
		shard := c.shards[master.Addr]
		if shard == nil {
			shard = newShardWriter(c, master.Addr, master)
			shard.counted.Store(uint32(slot))
			c.shards[master.Addr] = shard
			added = append(added, shard)
		}
		route[slot], used[master.Addr] = shard.section, true
	}
	for slot, master := range slices.Backward(masters) { // slots mostly move in their order, so the last ones stay for longer
		if shard := c.shards[master.Addr]; route[shard.counted.Load()] != shard.section {
			shard.counted.Store(uint32(slot))
		}
	}
	return route, used, added
}

// stopAllBut stops the writers of nodes that have no slot any more, and returns what is closed when each has ended.
func (c *clusterWriter) stopAllBut(used map[string]bool) (ended []<-chan struct{}) {
	for address, shard := range c.shards {
		if !used[address] {
			ended = append(ended, shard.ended)
			close(shard.stopped)
			delete(c.shards, address)
		}
	}
	if len(ended) > 0 && c.moves.may("moves", time.Now()) {
		c.log.Info("userlog: other nodes of the cluster take log entries", "shards", len(c.shards))
	}
	return ended
}

// publishCommand returns the command by which lines are published, or "", and whether that is on the channels of slots.
func (c *clusterWriter) publishCommand() (command string, sharded bool) {
	switch {
	case c.options.NoPublish, c.recorder.switched.unpublished.Load():
		return "", false
	case c.classic.Load():
		return "publish", false
	}
	return "spublish", true
}

// viewers is the channel by which a shard learns whether anybody watches: each node has one of its own. Where channels are classic, a
// node does not know of the viewers of others.
func (c *clusterWriter) viewers() string {
	if c.classic.Load() {
		return ""
	}
	return c.keys.SlotViewers()
}
