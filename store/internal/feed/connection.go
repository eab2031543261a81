package feed

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// connection is one pub/sub connection of a feed, to the one Redis or to a master of a Cluster. go-redis would repair a
// connection by itself, and lose the messages that were published meanwhile. So the feed gives up a connection that fails,
// and makes another. Each connection has rounds of its own, so its failure does not concern the topics of another master.
type connection struct {
	feed     *Feed
	server   server
	sharded  bool // its channels are those of slots
	pubsub   *redis.PubSub
	requests chan request // to be written to the connection
	done     chan struct{}

	// Owned by run.
	up        bool                     // the server has confirmed the first subscription
	probe     string                   // the channel on which the connection hears itself
	probeSlot uint16                   // on a Cluster: the slot of probe, which the server must have
	deaf      time.Time                // since when the server has not confirmed the subscription to probe; zero = it has
	channels  map[channelName]*channel // that are heard by it, or will be
	unheard   int                      // channels that are not confirmed yet
	waiting   map[*topic]bool          // confirmed, to be read in the next round
	everyone  *topic                   // on a Cluster: has slots here that are to be read
	round     *round                   // the round under way, or nil
	rounds    int                      // that have begun
	heardAt   time.Time                // when something last arrived
	checkedAt time.Time                // when the last round began
	emptyAt   time.Time                // since when it has had no channel; zero = it has some
}

// request subscribes the connection to channels, or ends that.
type request struct {
	send     func(ctx context.Context, channels ...string) error
	channels []string
}

// Limits of a connection.
const (
	maxRequests = 4096 // that wait to be written, before the connection counts as dead
	maxChannels = 1000 // in one request
)

// dial makes a connection in the background. slot is one that the server has.
func (f *Feed) dial(at server, slot uint16, now time.Time) *connection {
	c := &connection{
		feed: f, server: at, sharded: f.sharded, probe: f.options.Keys.Probe(f.name),
		requests: make(chan request, maxRequests), done: make(chan struct{}),
		channels: map[channelName]*channel{}, waiting: map[*topic]bool{},
	}
	if c.sharded {
		c.probe, c.probeSlot = f.options.Keys.SlotProbe(slot, f.name), slot
	}
	f.connections[at.address], f.dialledAt[at.address] = c, now
	go c.run(c.probe)
	return c
}

// run opens the connection, and writes the requests, in order. It also closes the connection, because go-redis makes a close
// wait for a write.
func (c *connection) run(probe string) {
	ctx := c.feed.context
	if c.sharded {
		c.pubsub = c.server.client.SSubscribe(ctx, probe)
	} else {
		c.pubsub = c.server.client.Subscribe(ctx, probe)
	}
	defer c.pubsub.Close()
	if _, err := c.pubsub.ReceiveTimeout(ctx, dialTimeout); err != nil {
		c.failed(fmt.Errorf("connect: %w", err))
		return
	}
	c.report(func() { c.feed.connected(c) })
	go c.read()
	c.write()
}

// write sends the requests.
func (c *connection) write() {
	for {
		select {
		case <-c.done:
			return
		case <-c.feed.context.Done():
			return
		case r := <-c.requests:
			if err := c.send(r); err != nil {
				c.failed(fmt.Errorf("subscribe: %w", err))
				return
			}
		}
	}
}

// send writes a request: on a Cluster a command for each channel, since one command can't name channels of several slots.
func (c *connection) send(r request) error {
	if !c.sharded {
		return r.send(c.feed.context, r.channels...)
	}
	for _, name := range r.channels {
		if err := r.send(c.feed.context, name); err != nil {
			return err
		}
	}
	return nil
}

// connected takes a new connection into use, and subscribes it to its channels.
func (f *Feed) connected(c *connection) {
	c.up, c.heardAt, c.checkedAt = true, time.Now(), time.Now()
	delete(f.away, c.server.address)
	all := make([]*channel, 0, len(c.channels))
	for _, ch := range c.channels {
		all = append(all, ch)
	}
	c.request(c.pubsub.Subscribe, c.viewers())
	c.subscribe(all)
}

// viewers is the channel by which applications learn that somebody watches.
func (c *connection) viewers() string {
	if c.sharded {
		return c.feed.options.Keys.SlotViewers()
	}
	return c.feed.options.Keys.Viewers()
}

// close has the connection closed. Its goroutines end by themselves.
func (c *connection) close() { close(c.done) }

// take makes channels those of the connection.
func (c *connection) take(channels []*channel) {
	for _, ch := range channels {
		ch.conn, ch.since = c, c.rounds
		c.channels[ch.channelName] = ch
	}
	c.unheard += len(channels)
	c.emptyAt = time.Time{}
	switch {
	case c.up:
		c.subscribe(channels)
	case c.feed.away[c.server.address]:
		c.feed.loseAll(channels) // until it is back
	}
}

// forget takes a channel away from the connection. The channel then has none.
func (c *connection) forget(ch *channel) {
	if !ch.heard {
		c.unheard--
	}
	ch.conn, ch.heard = nil, false
	delete(c.channels, ch.channelName)
	for _, t := range ch.topics {
		delete(c.waiting, t)
	}
	if len(c.channels) == 0 {
		c.emptyAt = time.Now()
	}
}

// subscribe subscribes to channels.
func (c *connection) subscribe(channels []*channel) {
	send := c.pubsub.Subscribe
	if c.sharded {
		send = c.pubsub.SSubscribe
	}
	c.requestAll(send, c.pubsub.PSubscribe, channels)
}

// unsubscribe gives up channels.
func (c *connection) unsubscribe(channels []*channel) {
	for _, ch := range channels {
		c.forget(ch)
	}
	if !c.up {
		return
	}
	send := c.pubsub.Unsubscribe
	if c.sharded {
		send = c.pubsub.SUnsubscribe
	}
	c.requestAll(send, c.pubsub.PUnsubscribe, channels)
}

// requestAll queues requests for channels, and for patterns.
func (c *connection) requestAll(send, sendPattern func(context.Context, ...string) error, channels []*channel) {
	names := make([]string, 0, len(channels))
	for _, ch := range channels {
		if ch.pattern {
			c.request(sendPattern, ch.name)
		} else {
			names = append(names, ch.name)
		}
	}
	for some := range slices.Chunk(names, maxChannels) {
		c.request(send, some...)
	}
}

// request queues something to be written. It does not block.
func (c *connection) request(send func(context.Context, ...string) error, channels ...string) {
	select {
	case c.requests <- request{send, channels}:
	default:
		go c.failed(fmt.Errorf("%d subscriptions wait to be sent", maxRequests))
	}
}

// readNext has a topic read in the next round.
func (c *connection) readNext(t *topic) {
	if t.slots != nil {
		c.everyone = t
	} else {
		c.waiting[t] = true
	}
}

// read passes messages on until the connection fails.
func (c *connection) read() {
	for {
		message, err := c.pubsub.ReceiveTimeout(c.feed.context, 0)
		if slot, moved := redisreply.Moved(err); moved && c.sharded {
			c.report(func() { c.moved(slot) })
			continue
		}
		if err != nil {
			c.failed(fmt.Errorf("receive: %w", err))
			return
		}
		if handle := c.decode(message); handle != nil {
			c.report(func() {
				c.heardAt = time.Now()
				handle()
			})
		}
	}
}

// report has the feed's goroutine call result, if the connection is still one of the feed's.
func (c *connection) report(result func()) {
	c.feed.report(func() {
		if c == c.feed.connections[c.server.address] {
			result()
		}
	})
}

// failed reports the end of the connection.
func (c *connection) failed(err error) {
	c.report(func() {
		if c.sharded && redisreply.IsUnknownCommand(err) {
			c.feed.fallBack()
			return
		}
		c.feed.lose(c, err)
	})
}

// moved notes that the server does not have a slot.
func (c *connection) moved(slot uint16) {
	if ch := c.channels[channelName{name: c.feed.options.Keys.SlotChannel(slot)}]; ch != nil {
		c.feed.displace(ch)
	}
	if slot == c.probeSlot {
		c.changeProbe()
	}
}

// changeProbe has the connection hear itself on a channel of another slot. A round that is under way begins anew. A connection without
// channels is dropped: its server may have no slot at all.
func (c *connection) changeProbe() {
	if len(c.channels) == 0 {
		c.feed.drop(c)
		return
	}
	c.giveUpRound()
	for _, ch := range c.channels {
		c.probeSlot = ch.slot
		if ch.heard {
			break
		}
	}
	c.probe, c.deaf = c.feed.options.Keys.SlotProbe(c.probeSlot, rand.Text()), time.Now()
	c.request(c.pubsub.SSubscribe, c.probe)
}

// decode returns a function that does what a message asks of the feed, or nil.
func (c *connection) decode(message any) func() {
	switch m := message.(type) {
	case *redis.Subscription:
		return c.decodeSubscription(m)
	case *redis.Message:
		return c.decodeMessage(m)
	}
	return nil
}

func (c *connection) decodeSubscription(s *redis.Subscription) func() {
	name := channelName{s.Channel, s.Kind == "psubscribe"}
	switch s.Kind {
	case "subscribe", "psubscribe", "ssubscribe":
		return func() {
			if s.Channel == c.probe {
				c.deaf = time.Time{}
			}
			c.feed.confirmed(c, name)
		}
	case "sunsubscribe": // asked for, or because the slot has moved
		return func() {
			if ch := c.channels[name]; ch != nil {
				c.feed.displace(ch)
			}
			if s.Channel == c.probe {
				c.changeProbe()
			}
		}
	}
	return nil
}

func (c *connection) decodeMessage(m *redis.Message) func() {
	if c.sharded {
		return c.decodeOfSlot(m)
	}
	f := c.feed
	username, ok := f.options.Keys.LogUsername(m.Channel)
	if !ok {
		return func() { c.echoed(m) }
	}
	line, err := f.decode(username, m.Payload)
	if err != nil {
		return nil
	}
	watched := username
	if m.Pattern != "" {
		watched = Everyone
	}
	return func() {
		f.hear()
		if t := f.topics[watched]; t != nil && f.isPartOf(t, line) {
			f.hearOf(t, line)
		}
	}
}

// decodeOfSlot is decodeMessage on a Cluster, where the line itself names its user.
func (c *connection) decodeOfSlot(m *redis.Message) func() {
	f := c.feed
	line, err := f.decodeNamed(m.Payload)
	if err != nil {
		return func() { c.echoed(m) }
	}
	return func() {
		ch := c.channels[channelName{name: m.Channel}]
		if ch == nil || ch.slot != line.slot {
			return
		}
		f.hear()
		for _, watched := range []string{line.Username, Everyone} {
			if t := f.topics[watched]; t != nil && f.isPartOf(t, line) {
				f.hearOf(t, line)
			}
		}
	}
}

// isPartOf reports whether a topic shows a line of its channel: everyone's does not show those of visitors.
func (f *Feed) isPartOf(t *topic, line *Line) bool {
	return !t.everyone() || !f.options.Private(line.Username)
}
