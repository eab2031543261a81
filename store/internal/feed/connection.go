package feed

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// connection is one pub/sub connection of a feed. go-redis would repair it by itself, and lose the messages that were
// published meanwhile. So the feed gives up a connection that fails, and makes another.
type connection struct {
	feed     *Feed
	pubsub   *redis.PubSub
	requests chan request // to be written to the connection
	done     chan struct{}
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

// dialled is the result of dial.
type dialled struct {
	pubsub *redis.PubSub
	err    error
}

// dial makes a connection in the background and sends it to f.dialled.
func (f *Feed) dial() {
	f.dialing = true
	go func() {
		pubsub := f.options.Client.Subscribe(f.context, f.probe)
		_, err := pubsub.ReceiveTimeout(f.context, dialTimeout)
		f.dialled <- dialled{pubsub, err}
	}()
}

// finishDial takes the result of dial.
func (f *Feed) finishDial(d dialled) {
	f.dialing = false
	if d.err != nil {
		d.pubsub.Close()
		f.lose(fmt.Errorf("connect: %w", d.err))
		return
	}
	f.connected(d.pubsub)
}

// connected takes a new connection into use, and subscribes it to the channels of all topics.
func (f *Feed) connected(pubsub *redis.PubSub) {
	c := &connection{feed: f, pubsub: pubsub, requests: make(chan request, maxRequests), done: make(chan struct{})}
	f.conn, f.heardAt = c, time.Now()
	go c.write()
	go c.read()
	channels := make([]string, 0, len(f.topics))
	for _, t := range f.topics {
		if t.everyone() {
			c.subscribe(t)
		} else {
			channels = append(channels, t.channel)
		}
	}
	for some := range slices.Chunk(channels, maxChannels) {
		c.request(pubsub.Subscribe, some...)
	}
}

// close has the connection closed. Both of its goroutines end by themselves.
func (c *connection) close() { close(c.done) }

func (c *connection) subscribe(t *topic) {
	if t.everyone() {
		c.request(c.pubsub.PSubscribe, t.channel)
	} else {
		c.request(c.pubsub.Subscribe, t.channel)
	}
}

func (c *connection) unsubscribe(t *topic) {
	if t.everyone() {
		c.request(c.pubsub.PUnsubscribe, t.channel)
	} else {
		c.request(c.pubsub.Unsubscribe, t.channel)
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

// write sends the requests, in order. It also closes the connection, because go-redis makes a close wait for a
// write.
func (c *connection) write() {
	defer c.pubsub.Close()
	for {
		select {
		case <-c.done:
			return
		case r := <-c.requests:
			if err := r.send(c.feed.context, r.channels...); err != nil {
				c.failed(fmt.Errorf("subscribe: %w", err))
				return
			}
		}
	}
}

// read passes messages on until the connection fails.
func (c *connection) read() {
	for {
		message, err := c.pubsub.ReceiveTimeout(c.feed.context, 0)
		if err != nil {
			c.failed(fmt.Errorf("receive: %w", err))
			return
		}
		if handle := c.decode(message); handle != nil {
			c.feed.report(func() {
				if c == c.feed.conn {
					c.feed.heardAt = time.Now()
					handle()
				}
			})
		}
	}
}

// failed reports the end of the connection.
func (c *connection) failed(err error) {
	c.feed.report(func() {
		if c == c.feed.conn {
			c.feed.lose(err)
		}
	})
}

// decode returns a function that does what a message asks of the feed, or nil.
func (c *connection) decode(message any) func() {
	f := c.feed
	switch m := message.(type) {
	case *redis.Subscription:
		return func() { f.confirmed(m) }
	case *redis.Message:
		if m.Channel == f.probe {
			return func() { f.echoed(m.Payload) }
		}
		username, ok := f.options.Keys.LogUsername(m.Channel)
		if !ok {
			return nil
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
			if t := f.topics[watched]; t != nil {
				t.receive(line)
			}
		}
	}
	return nil
}

// confirmed has a snapshot of a topic taken: from now on the feed hears everything that is published.
func (f *Feed) confirmed(s *redis.Subscription) {
	var t *topic
	switch username, ok := f.options.Keys.LogUsername(s.Channel); {
	case s.Kind == "psubscribe":
		t = f.topics[Everyone]
	case s.Kind == "subscribe" && ok:
		t = f.topics[username]
	}
	if t != nil {
		t.confirm()
		f.waiting[t] = true
	}
}
