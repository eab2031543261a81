package feed

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// server is where a connection goes to: the one Redis, or a master of a Cluster.
type server struct {
	address string // "" of the one Redis
	client  redis.UniversalClient
}

// Times of placing.
const (
	placeInterval = 250 * time.Millisecond // between attempts to find the masters of channels, while some masters are away
	movePause     = 50 * time.Millisecond  // until the masters agree about a slot that has just moved
	moveGrace     = time.Second            // without a channel, until viewers of its topics are told: a slot that moves is back sooner
)

// place gives each channel that has no connection the one to the server that it is published on.
func (f *Feed) place(now time.Time) {
	if len(f.unplaced) == 0 || f.placing || now.Before(f.placeAfter) {
		return
	}
	f.placeAfter = now.Add(placeInterval)
	channels := make([]*channel, 0, len(f.unplaced))
	for ch := range f.unplaced {
		channels = append(channels, ch)
	}
	if !f.sharded {
		f.settle(server{client: f.options.Client}, channels, now)
		return
	}
	f.placing = true
	pause := f.placePause
	f.placePause = 0
	go func() {
		wait(f.context, pause)
		found, err := f.locate(channels)
		f.report(func() { f.located(found, err) })
	}()
}

// wait returns after d, or when ctx ends.
func wait(ctx context.Context, d time.Duration) {
	if d == 0 {
		return
	}
	pause := time.NewTimer(d)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
	}
}

// locate finds the masters of channels.
func (f *Feed) locate(channels []*channel) (map[server][]*channel, error) {
	ctx, cancel := context.WithTimeout(f.context, dialTimeout)
	defer cancel()
	found := map[server][]*channel{}
	for _, ch := range channels {
		master, err := f.cluster.MasterForKey(ctx, ch.name)
		if err != nil {
			return found, fmt.Errorf("find the masters of the cluster: %w", err)
		}
		at := server{address: master.Options().Addr, client: master}
		found[at] = append(found[at], ch)
	}
	return found, nil
}

// located takes the result of locate.
func (f *Feed) located(found map[server][]*channel, err error) {
	f.placing = false
	now := time.Now()
	if err != nil {
		f.trouble(err)
		f.reload()
		f.loseAll(slices.Collect(maps.Keys(f.unplaced)))
	}
	for at, channels := range found {
		f.settle(at, channels, now)
	}
}

// settle gives channels the connection to a server. It makes one where there is none, unless that was just tried.
func (f *Feed) settle(at server, channels []*channel, now time.Time) {
	c := f.connections[at.address]
	if c == nil && now.Sub(f.dialledAt[at.address]) < dialInterval {
		if f.away[at.address] {
			f.loseAll(channels)
			f.reload()
		}
		return
	}
	if c == nil {
		c = f.dial(at, channels[0].slot, now)
	}
	var placed []*channel
	for _, ch := range channels {
		if f.unplaced[ch] { // or its topics were given up meanwhile
			delete(f.unplaced, ch)
			placed = append(placed, ch)
		}
	}
	c.take(placed)
}

// reload has the client ask a Cluster which master has which slot: go-redis does that seldom by itself.
func (f *Feed) reload() {
	if f.sharded {
		f.placePause = movePause
		f.cluster.ReloadState(f.context) // in the background
	}
}

// fallBack has the feed use channels that are not sharded, because Redis before 7.0 knows no others.
func (f *Feed) fallBack() {
	f.disconnect()
	f.sharded = false
	clear(f.channels)
	clear(f.unplaced)
	for _, t := range f.topics {
		t.slots = nil
		f.watch(t)
	}
}
