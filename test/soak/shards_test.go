package soak

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// A shard whose nodes are all dead holds up its own users, and nobody else. What waits for it is written when it is back.
func TestAShardThatIsAway(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	client := cluster.Client(t)
	logs := open(t, client, store.Options{MaxEntries: 10_000})
	for n := range users() {
		record(logs, users(), n)
	}
	settled(t, logs)
	master := cluster.Master(key(logs, users()[0]))
	away := shardOf(cluster, logs, master)
	replica := cluster.Replica(master)
	replica.Kill()
	master.Kill()
	rounds := 5
	for n := range rounds * len(users()) {
		record(logs, users(), len(users())+n)
	}
	redistest.Eventually(t, "everything is written but what is for the shard", func() bool {
		return logs.Stats().Queued == uint64(rounds*len(away))
	})
	redistest.Eventually(t, "the outage is noticed", func() bool { return !logs.Stats().Connected })
	master.Restart()
	replica.Restart()
	cluster.AwaitHealth()
	settled(t, logs)
	for _, user := range users() {
		want := rounds + 1
		if slices.Contains(away, user) {
			want = rounds // its nodes keep nothing
		}
		if n := requests(t, logs, client, user); n != want {
			t.Errorf("%s has %d requests, want %d", user, n, want)
		}
	}
	if s := logs.Stats(); s.Written+s.Indeterminate != s.Accepted || s.Indeterminate > long(inDoubt(1), 0) || !s.Connected {
		t.Errorf("the stats: %+v", s)
	}
	summary(t, logs, "a shard was away")
}

// When a master is killed, its users are dark until its replica has taken over, and hardly longer. Others are not.
func TestAShardThatFailsOver(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	client := cluster.Client(t)
	logs := open(t, client, store.Options{MaxEntries: 10_000, QueueSize: roomy()})
	master := cluster.Master(key(logs, users()[0]))
	slot, dead := cluster.Slot(key(logs, users()[0])), shardOf(cluster, logs, master)
	eyes := watchLists(t, cluster, logs)
	load := startLoad(t, logs, 200)
	during(t, logs, long(500*time.Millisecond, 10*time.Second))
	before := eyes.slowest()
	master.Kill()
	killed := time.Now()
	cluster.MasterOfSlot(slot)
	healed := time.Now()
	eyes.await(t, dead, healed)
	dark := time.Since(healed)
	during(t, logs, long(100*time.Millisecond, 10*time.Second))
	load.stop()
	settled(t, logs)
	after := eyes.slowest()
	present := present(t, logs, client)
	s := logs.Stats()
	// What the master had confirmed, and its replica not yet heard, is lost with it.
	if lost := s.Written - min(present, s.Written); lost > inDoubt(1) || s.Dropped.Total() != 0 || s.Indeterminate > inDoubt(1) {
		t.Errorf("%d in the lists: %+v", present, s)
	}
	if dark > long(patience, 3*time.Second) {
		t.Errorf("dark for %v after the cluster had healed", dark)
	}
	for _, user := range users() {
		if !slices.Contains(dead, user) && after[user] > long(patience, max(10*before[user], 300*time.Millisecond)) {
			t.Errorf("%s of another shard waited %v, and %v before", user, after[user], before[user])
		}
	}
	summary(t, logs, "kill -9 of a master", "lost with it", int64(s.Written)-int64(present), "the cluster took", healed.Sub(killed),
		"then dark for", dark, "slowest of others", slowestBut(after, dead), "before", slowestBut(before, dead))
}

// While slots with the logs of all users move from shard to shard, nothing is lost, written twice or out of order.
func TestSlotsThatMove(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	client := cluster.Client(t)
	logs := open(t, client, store.Options{MaxEntries: 10_000, QueueSize: roomy()})
	load := startLoad(t, logs, busy())
	targets := append(slices.Clone(cluster.Nodes[:3]), cluster.AddMaster())
	for round := range long(2, 20) {
		for i, user := range users() {
			cluster.Move(targets[(i+round)%len(targets)], cluster.Slot(key(logs, user)))
			balance(t, logs)
		}
	}
	load.stop()
	settled(t, logs)
	present := present(t, logs, client)
	// A master that moves long lists answers late meanwhile.
	if s := logs.Stats(); present < s.Written || s.Dropped.Total() != 0 || s.Indeterminate > inDoubt(5) {
		t.Errorf("%d in the lists: %+v", present, s)
	}
	summary(t, logs, "slots move", "present", present)
}

// A Redis that is 10 ms away takes 2,000 entries a second, and so does a Cluster.
func TestADistantRedis(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		start func(t *testing.T, dial redistest.Dialer) (client, near redis.UniversalClient)
	}{
		{"one Redis", func(t *testing.T, dial redistest.Dialer) (client, near redis.UniversalClient) {
			server := redistest.StartTCP(t)
			distant := redis.NewClient(&redis.Options{Addr: server.Address, Dialer: dial})
			t.Cleanup(func() { distant.Close() })
			return distant, server.Client(t)
		}},
		{"a Cluster", func(t *testing.T, dial redistest.Dialer) (client, near redis.UniversalClient) {
			cluster := redistest.StartCluster(t, 3)
			distant := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addresses(), Dialer: dial})
			t.Cleanup(func() { distant.Close() })
			return distant, cluster.Client(t)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, near := test.start(t, redistest.Distant(new(net.Dialer).DialContext, 10*time.Millisecond))
			logs := open(t, client, store.Options{MaxEntries: 10_000, QueueSize: roomy()})
			load := startLoad(t, logs, 2000)
			during(t, logs, long(time.Second, 20*time.Second))
			load.stop()
			settled(t, logs)
			present := present(t, logs, near)
			if s := logs.Stats(); present < s.Written || s.Dropped.Total() != 0 || s.Indeterminate > long(inDoubt(2), 0) {
				t.Errorf("%d in the lists: %+v", present, s)
			}
			summary(t, logs, test.name+", 10 ms away", "present", present)
		})
	}
}

// requests is how many requests a user's list has, without the markers that tell what it lacks.
func requests(t *testing.T, logs *store.Store, direct redis.UniversalClient, user string) (n int) {
	t.Helper()
	for _, e := range listed(t, logs, direct, user) {
		if !e.OnlyGap() {
			n++
		}
	}
	return n
}

// key is the name of a user's list.
func key(logs *store.Store, user string) string { return logs.KeyPrefix() + "log:" + user }

// shardOf are the users whose logs a master has.
func shardOf(cluster *redistest.Cluster, logs *store.Store, master *redistest.Server) []string {
	return slices.DeleteFunc(users(), func(user string) bool { return cluster.Master(key(logs, user)) != master })
}

// present is how many different entries the lists have. None is there twice, and no more are out of order than are in doubt.
func present(t *testing.T, logs *store.Store, client redis.UniversalClient) uint64 {
	t.Helper()
	ids, displaced := map[string]bool{}, 0
	for _, user := range users() {
		var numbers []int
		for _, e := range slices.Backward(listed(t, logs, client, user)) {
			if e.OnlyGap() {
				continue
			}
			if ids[e.ID] {
				t.Errorf("%s is twice in the list of %s", e.ID, user)
			}
			ids[e.ID] = true
			numbers = append(numbers, number(t, e))
		}
		displaced += outOfOrder(numbers)
	}
	if s := logs.Stats(); uint64(displaced) > s.Indeterminate {
		t.Errorf("%d entries are out of order, but only %d indeterminate", displaced, s.Indeterminate)
	}
	return uint64(len(ids))
}

// eyes see when entries arrive in the lists of all users.
type eyes struct {
	mu     sync.Mutex
	newest map[string]time.Time     // by user, when the entry that was last seen was recorded
	waited map[string]time.Duration // the longest between recorded and seen, since slowest was last called
}

// watchLists looks at the lists of all users every few milliseconds, each by a client of its node.
func watchLists(t *testing.T, cluster *redistest.Cluster, logs *store.Store) *eyes {
	t.Helper()
	e := &eyes{newest: map[string]time.Time{}, waited: map[string]time.Duration{}}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for _, node := range cluster.Nodes {
		client := node.Client(t)
		all.Go(func() {
			for ctx.Err() == nil {
				e.look(ctx, client, logs)
			}
		})
	}
	t.Cleanup(func() {
		cancel()
		all.Wait()
	})
	return e
}

// look looks at the newest entry of each list of a node.
func (e *eyes) look(ctx context.Context, node *redis.Client, logs *store.Store) {
	pipe := node.Pipeline()
	lines := map[string]*redis.StringCmd{}
	for _, user := range users() {
		lines[user] = pipe.LIndex(ctx, key(logs, user), 0)
	}
	_, _ = pipe.Exec(ctx) // a node knows nothing of the lists of others
	e.mu.Lock()
	for user, line := range lines {
		var entry store.Entry
		if line.Err() == nil && entry.UnmarshalJSON([]byte(line.Val())) == nil && entry.Time.After(e.newest[user]) {
			e.newest[user] = entry.Time
			e.waited[user] = max(e.waited[user], time.Since(entry.Time))
		}
	}
	e.mu.Unlock()
	select {
	case <-ctx.Done():
	case <-time.After(5 * time.Millisecond):
	}
}

// slowest returns how long each user has waited at most, and forgets that.
func (e *eyes) slowest() map[string]time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	waited := e.waited
	e.waited = map[string]time.Duration{}
	return waited
}

// await waits until an entry of each of those users is seen that was recorded after since.
func (e *eyes) await(t *testing.T, users []string, since time.Time) {
	t.Helper()
	redistest.Eventually(t, fmt.Sprintf("%s are written again", strings.Join(users, ", ")), func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return !slices.ContainsFunc(users, func(user string) bool { return !e.newest[user].After(since) })
	})
}

// slowestBut is the longest of all but some users.
func slowestBut(waited map[string]time.Duration, but []string) time.Duration {
	longest := time.Duration(0)
	for user, d := range waited {
		if !slices.Contains(but, user) {
			longest = max(longest, d)
		}
	}
	return longest
}
