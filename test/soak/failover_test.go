package soak

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// A proxy leads to another server from one moment on, and the connections that it has stay with the old one, which is a
// replica by now. What is recorded is written to the new one all the same.
func TestAProxyThatSwitches(t *testing.T) {
	t.Parallel()
	old := redistest.StartTCP(t)
	promoted := redistest.StartTCP(t)
	host, port := hostAndPort(t, old)
	do(t, promoted.Client(t), "replicaof", host, port)
	proxy := redistest.StartProxy(t, old.Address)
	client := redis.NewClient(&redis.Options{Addr: proxy.Address})
	t.Cleanup(func() { client.Close() })
	logs := open(t, client, store.Options{MaxEntries: 10_000, QueueSize: roomy()})
	load := startLoad(t, logs, 200)
	redistest.Eventually(t, "entries are written", func() bool { return logs.Stats().Written > 20 })
	redistest.Eventually(t, "the replica has some", func() bool {
		return promoted.Client(t).Exists(t.Context(), key(logs, users()[0])).Val() == 1
	})
	host, port = hostAndPort(t, promoted)
	do(t, promoted.Client(t), "replicaof", "no", "one")
	do(t, old.Client(t), "replicaof", host, port)
	switched := time.Now()
	proxy.SwitchTo(promoted.Address)
	newest := func() time.Time {
		line, _ := promoted.Client(t).LIndex(t.Context(), key(logs, users()[0]), 0).Result()
		if line == "" {
			return time.Time{}
		}
		return parse(t, line).Time
	}
	redistest.Eventually(t, "the new server is written to", func() bool { return newest().After(switched) })
	dark := time.Since(switched)
	load.stop()
	settled(t, logs)
	s := logs.Stats()
	// What the old server has taken as a master when the new one was one already is lost with it.
	if s.Dropped.Total() != 0 || s.Indeterminate > inDoubt(1) || dark > long(patience, 2*time.Second) {
		t.Errorf("dark for %v: %+v", dark, s)
	}
	summary(t, logs, "a proxy switches", "present", present(t, logs, promoted.Client(t)), "dark for", dark)
}

// When sentinels make another server the master, the old one goes on as such for some seconds, and loses what it takes then. The
// store follows as the client does that it was given, and so loses as little.
func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	sentinels := redistest.StartSentinels(t)
	client := sentinels.Client(t)
	logs := open(t, client, store.Options{MaxEntries: 10_000, QueueSize: roomy()})
	seen := watchOne(t, logs, users()[0])
	bare := startPushing(t, client, 300)
	load := startLoad(t, logs, 300)
	redistest.Eventually(t, "entries are written", func() bool { return logs.Stats().Written > 100 })
	began := time.Now()
	old, promoted := sentinels.Failover()
	agreed := time.Now()
	during(t, logs, long(time.Second, 5*time.Second))
	redistest.Eventually(t, "the old master is a replica", func() bool {
		return promoted.Client(t).Wait(t.Context(), 2, 100*time.Millisecond).Val() == 2 && isReplica(t, old)
	})
	load.stop()
	settled(t, logs)
	confirmed := bare.stop()
	direct := promoted.Client(t)
	present, s := present(t, logs, direct), logs.Stats()
	kept := uint64(direct.LLen(t.Context(), pushed).Val())
	lost, bareLost := s.Written-min(present, s.Written), confirmed-min(kept, confirmed)
	if s.Dropped.Total() != 0 || s.Indeterminate > inDoubt(2) {
		t.Errorf("the stats: %+v", s)
	}
	// The old master goes on for about ten seconds: at 300/s that are 3,000 entries.
	if lost > bareLost+long(uint64(600), 150) {
		t.Errorf("%d confirmed entries are not there, and %d of the client's own", lost, bareLost)
	}
	if max(s.Undone, lost)-min(s.Undone, lost) > s.Indeterminate {
		t.Errorf("%d entries were confirmed and are gone, but the stats say %d", lost, s.Undone)
	}
	listed := written(t, logs, direct, users()[0])
	redistest.Eventually(t, "a viewer has seen all that is there", func() bool { return seen.all(listed) })
	gone := seen.missing(listed)
	if gone > 0 && !seen.gap.Load() {
		t.Errorf("of what a viewer has seen %d entries are gone, and no gap was shown", gone)
	}
	summary(t, logs, "sentinels fail over", "present", present, "lost", lost, "lost by the client itself", bareLost,
		"the failover took", agreed.Sub(began), "a viewer saw that is gone", gone, "with a gap", seen.gap.Load())
}

// A master dies, or stands still, and sentinels make a replica the master. What the old one alone had is counted.
func TestAMasterThatSentinelsReplace(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(*redistest.Server) (end func()){
		"kill -9": func(s *redistest.Server) func() { s.Kill(); return func() {} },
		"SIGSTOP": func(s *redistest.Server) func() { s.Pause(); return s.Resume },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sentinels := redistest.StartSentinels(t)
			old := sentinels.Master()
			logs := open(t, sentinels.Client(t), store.Options{MaxEntries: 10_000, QueueSize: roomy()})
			load := startLoad(t, logs, 300)
			redistest.Eventually(t, "entries are written", func() bool { return logs.Stats().Written > 100 })
			end := fault(old)
			var promoted *redistest.Server
			redistest.Eventually(t, "another server is the master", func() bool {
				promoted = sentinels.Master()
				return promoted != old
			})
			replaced, before := time.Now(), logs.Stats().Written
			redistest.Eventually(t, "entries are written again", func() bool { return logs.Stats().Written > before })
			dark := time.Since(replaced)
			during(t, logs, long(time.Second, 10*time.Second))
			end()
			load.stop()
			settled(t, logs)
			present, s := present(t, logs, promoted.Client(t)), logs.Stats()
			lost := s.Written - min(present, s.Written)
			if s.Dropped.Total() != 0 || s.Indeterminate > inDoubt(2) || dark > long(patience, 3*time.Second) {
				t.Errorf("dark for %v: %+v", dark, s)
			}
			if max(s.Undone, lost)-min(s.Undone, lost) > s.Indeterminate {
				t.Errorf("%d entries were confirmed and are gone, but the stats say %d", lost, s.Undone)
			}
			summary(t, logs, "sentinels replace a master after "+name, "present", present, "lost", lost, "dark after another was the master", dark)
		})
	}
}

// onlooker is a viewer of one user's log.
type onlooker struct {
	gap atomic.Bool
	mu  sync.Mutex
	ids map[string]bool
}

func watchOne(t *testing.T, logs *store.Store, user string) *onlooker {
	t.Helper()
	subscription, err := logs.Subscribe(user, "")
	if err != nil {
		t.Fatal(err)
	}
	w := &onlooker{ids: map[string]bool{}}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			update, err := subscription.Next(context.Background())
			if err != nil {
				return
			}
			w.see(update)
		}
	})
	t.Cleanup(func() {
		subscription.Close()
		done.Wait()
	})
	return w
}

func (w *onlooker) see(update store.Update) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if update.Gap {
		w.gap.Store(true)
	}
	for _, e := range update.Entries {
		w.ids[e.ID] = true
	}
}

// all reports whether everything in a list was seen.
func (w *onlooker) all(listed map[string]int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id := range listed {
		if !w.ids[id] {
			return false
		}
	}
	return true
}

// missing is how much of what was seen is not in a list.
func (w *onlooker) missing(listed map[string]int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for id := range w.ids {
		if _, there := listed[id]; !there {
			n++
		}
	}
	return n
}

func isReplica(t *testing.T, server *redistest.Server) bool {
	t.Helper()
	role, _ := server.Client(t).Do(t.Context(), "role").Slice()
	return len(role) > 0 && role[0] == "slave"
}

// pushed is the list to which a client pushes by itself.
const pushed = "pushed"

// pushing is a client that pushes to a list at a rate, one after another.
type pushing struct {
	end       chan struct{}
	done      sync.WaitGroup
	ending    sync.Once
	confirmed uint64
}

func startPushing(t *testing.T, client *redis.Client, rate int) *pushing {
	p := &pushing{end: make(chan struct{})}
	p.done.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		for {
			select {
			case <-p.end:
				return
			case <-tick.C:
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				if client.LPush(ctx, pushed, "x").Err() == nil {
					p.confirmed++
				}
				cancel()
			}
		}
	})
	t.Cleanup(func() { p.stop() })
	return p
}

// stop ends it, and returns how much Redis has confirmed.
func (p *pushing) stop() uint64 {
	p.ending.Do(func() { close(p.end) })
	p.done.Wait()
	return p.confirmed
}

func hostAndPort(t *testing.T, server *redistest.Server) (host, port string) {
	t.Helper()
	host, port, err := net.SplitHostPort(server.Address)
	if err != nil {
		t.Fatal(err)
	}
	return host, port
}
