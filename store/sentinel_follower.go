package store

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// followInterval is how often Sentinels are asked for the master. Entries may go for as long, at most, to a master that has just
// been replaced.
const followInterval = 250 * time.Millisecond

// failoverAddress is the address that go-redis gives clients whose dialer asks sentinels.
const failoverAddress = "FailoverClient"

// isFailover reports whether client asks sentinels where the master is.
func isFailover(client *redis.Client) bool { return client.Options().Addr == failoverAddress }

// sentinelFollower ends the Store's connections to a master that Sentinels have replaced. The client of redis.NewFailoverClient does so
// by itself. But the Store's clients are made from its options, which give them nothing but the dialer that asks the Sentinels. So the
// follower dials again and again, and compares to which address that leads.
type sentinelFollower struct {
	dial     dialFunc
	options  *redis.Options
	trackers []*sendTracker
	cancel   context.CancelFunc
	done     sync.WaitGroup
}

// newSentinelFollower returns a follower for connections that trackers know, if client asks sentinels, and else nil.
func newSentinelFollower(client *redis.Client, trackers ...*sendTracker) *sentinelFollower {
	if !isFailover(client) {
		return nil
	}
	options := client.Options()
	f := &sentinelFollower{dial: dialFunc(options.Dialer), options: options, trackers: trackers}
	var ctx context.Context
	ctx, f.cancel = context.WithCancel(context.Background())
	f.done.Go(func() { f.run(ctx) })
	return f
}

// run asks until ctx ends.
func (f *sentinelFollower) run(ctx context.Context) {
	tick := time.NewTicker(followInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			f.follow(ctx)
		}
	}
}

// follow ends the connections that lead elsewhere than a new one does.
func (f *sentinelFollower) follow(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	conn, err := f.dial(ctx, f.options.Network, f.options.Addr)
	if err != nil {
		return // nobody knows a better master
	}
	defer conn.Close()
	for _, tracker := range f.trackers {
		tracker.hangUpBut(conn.RemoteAddr())
	}
}

// close ends the follower. It may be called on nil.
func (f *sentinelFollower) close() {
	if f != nil {
		f.cancel()
		f.done.Wait()
	}
}

// hangUpBut closes all connections but those to an address.
func (t *sendTracker) hangUpBut(address net.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for conn := range t.conns {
		if conn.RemoteAddr().String() != address.String() {
			conn.Conn.Close()
		}
	}
}
