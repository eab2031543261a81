package store

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// PingFeed publishes a message and waits until Redis has brought it back, as it does with what live logs show. It returns within about
// two seconds. Where Redis refuses that, [FaultOf] tells why. Any other error says that the message did not come.
func (s *Store) PingFeed(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	sharded := s.options.sharded(s.clients.reader)
	err := s.hearOurselves(ctx, sharded)
	if sharded && redisreply.IsUnknownCommand(err) { // a feed falls back to these channels, too
		err = s.hearOurselves(ctx, false)
	}
	if err != nil {
		return fmt.Errorf("hear a message of ours through Redis at %s: %w", s.address, err)
	}
	return nil
}

// hearOurselves subscribes as a feed does, and publishes on the channel of its probes.
func (s *Store) hearOurselves(ctx context.Context, sharded bool) error {
	client, nonce := s.clients.reader, rand.Text()
	channel, subscribe, publish := s.keys.Probe(nonce), client.Subscribe, client.Publish
	if sharded {
		channel, subscribe, publish = s.keys.SlotProbe(s.keys.UsedSlots()[0], nonce), client.SSubscribe, client.SPublish
	}
	heard := subscribe(ctx, channel)
	defer heard.Close()
	if !sharded { // the feed follows everyone's log by this pattern, so its user of Redis must be allowed to use it
		if err := heard.PSubscribe(ctx, s.keys.LogPattern()); err != nil {
			return err
		}
	}
	for confirmed := 0; ; {
		message, err := heard.Receive(ctx)
		if err != nil {
			return err
		}
		switch m := message.(type) {
		case *redis.Subscription:
			if confirmed++; confirmed == 2 || sharded {
				err = publish(ctx, channel, nonce).Err()
			}
		case *redis.Message:
			if m.Channel == channel {
				return nil
			}
		}
		if err != nil {
			return err
		}
	}
}
