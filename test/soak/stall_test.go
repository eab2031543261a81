package soak

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// A viewer is live again soon after Redis has come back, and has missed nothing.
func TestViewersAndAKilledRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	direct := server.Client(t)
	stall{
		name: "kill -9 and restart", begin: server.Kill, end: server.Restart, lasts: 3 * time.Second, within: long(patience, 2*time.Second),
	}.run(t, direct, direct)
}

// A connection that stays open and on which nothing arrives is noticed.
func TestViewersAndASilentRedis(t *testing.T) {
	t.Parallel()
	t.Run("SIGSTOP", func(t *testing.T) {
		t.Parallel()
		server := redistest.Start(t)
		direct := server.Client(t)
		stall{
			name: "SIGSTOP", begin: server.Pause, end: server.Resume, lasts: 10 * time.Second, within: long(patience, 15*time.Second),
		}.run(t, direct, direct)
	})
	t.Run("blackhole", func(t *testing.T) {
		t.Parallel()
		server, network, client := behindNetwork(t)
		stall{
			name: "blackhole", begin: network.blackhole, end: network.heal, lasts: 10 * time.Second, within: long(patience, 15*time.Second),
		}.run(t, server.Client(t), client)
	})
}

// stall is something that keeps viewers from seeing what happens.
type stall struct {
	name       string
	begin, end func()
	lasts      time.Duration
	within     time.Duration // of its end viewers are live; a busy machine gets longer, unless the claim itself is tested
}

// run records over direct, and watches over client.
func (s stall) run(t *testing.T, direct, client *redis.Client) {
	application := open(t, direct, store.Options{MaxEntries: 10_000, QueueSize: roomy()})
	admin := open(t, client, store.Options{MaxEntries: reach})
	load := startLoad(t, application, 500)
	redistest.Eventually(t, "there is something of everybody", func() bool { return application.Stats().Written >= uint64(len(users())) })
	first := view(t, admin)
	staying, leave := context.WithCancel(t.Context())
	visits := make([]*visit, len(users()))
	var all sync.WaitGroup
	for i, user := range users() {
		visits[i] = &visit{logs: admin, direct: direct, user: user}
		all.Go(func() { visits[i].make(t, staying) })
	}
	during(t, application, time.Second)
	s.begin()
	during(t, application, s.lasts)
	s.end()
	back := time.Now()
	first.await(t, back)
	live := time.Since(back)
	load.stop()
	settled(t, application)
	leave()
	all.Wait()
	if live > s.within {
		t.Errorf("live only %v after its end", live)
	}
	summary(t, application, s.name, "lasted", s.lasts, "live again after", live, verdict(t, visits))
}
