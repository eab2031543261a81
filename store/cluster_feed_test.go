package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

// oneOfEach returns a user of each master of a cluster, in the order of the masters.
func oneOfEach(t *testing.T, cluster *redistest.Cluster, masters int) []string {
	t.Helper()
	found := make([]string, masters)
	for n, missing := 0, masters; missing > 0; n++ {
		username := fmt.Sprint("user", n)
		at := cluster.Slot("userlog:log:"+username) * masters / 16384
		if found[at] == "" {
			found[at] = username
			missing--
		}
	}
	return found
}

func TestViewersOnACluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	client := cluster.Client(t)
	applications, logs := storetest.Open(t, client, store.Options{}), storetest.Open(t, client, store.Options{})
	users := oneOfEach(t, cluster, 3)
	storetest.Record(applications, users[0], 0, 2)
	storetest.Written(t, applications)
	all := storetest.Watch(t, logs, "", "")
	all.Live(2)
	for n := range 30 { // in as many slots, of which nobody else hears
		storetest.Record(applications, fmt.Sprint("visitor", n), 0, 1)
		all.Live(3 + n)
	}
	views := make([]*storetest.View, 3)
	for i, username := range users {
		views[i] = storetest.Watch(t, logs, username, "")
	}
	views[0].Live(2)
	for n := range 5 {
		for i, username := range users {
			storetest.Record(applications, username, 10*i+n, 10*i+n+1)
		}
	}
	views[0].Live(7)
	views[1].Live(5)
	views[2].Live(5)
	views[0].Shows("0 1 0 1 2 3 4")
	views[1].Shows(storetest.Numbers(10, 15))
	views[2].Shows(storetest.Numbers(20, 25))
	all.Live(47)
	if all.Gaps > 0 || len(all.Entries) != 47 {
		t.Errorf("everyone, with %d gaps: %s", all.Gaps, all.Paths())
	}
	last := all.Entries[len(all.Entries)-1].Cursor()
	if u := storetest.Watch(t, logs, "", last).Next(); u.Gap || len(u.Entries) > 0 {
		t.Errorf("who comes back is told %+v", u)
	}
	// Another process may have heard the entries of several slots in another order.
	elsewhere := storetest.Watch(t, storetest.Open(t, client, store.Options{}), "", last)
	if elsewhere.Live(1); elsewhere.Gaps == 0 {
		t.Error("who goes to another process has no gap")
	}
	for _, master := range cluster.Nodes[:3] {
		admin := master.Client(t)
		redistest.Eventually(t, "each process has one connection", func() bool { return connections(t, admin) == 2 })
	}
}

// When the last viewer of everyone's log has gone, the others go on.
func TestEveryoneLeavesOnACluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 1)
	client := cluster.Client(t)
	logs := storetest.Open(t, client, store.Options{})
	ada, all := storetest.Watch(t, logs, "ada", ""), storetest.Watch(t, logs, "", "")
	ada.Live(0)
	all.Live(0)
	all.Updates.Close()
	channels := func() int {
		n := 0
		for _, name := range cluster.Nodes[0].Client(t).PubSubShardChannels(t.Context(), "*").Val() {
			if strings.Contains(name, ":slot:") {
				n++
			}
		}
		return n
	}
	redistest.Eventually(t, "other users' slots are not heard any more", func() bool { return channels() == 1 })
	if u, told, _ := ada.Updates.Poll(); told {
		t.Errorf("a viewer of ada is told %+v", u)
	}
	publish(t, client, "ada", 0)
	ada.Live(1)
	ada.Shows("0")
}

// A master that dies takes away the logs of its own users only, until another one has taken over.
func TestAMasterDies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		fail     func(*redistest.Server)
		recovers bool
	}{
		{"killed", (*redistest.Server).Kill, false},
		{"frozen", (*redistest.Server).Pause, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cluster := redistest.StartCluster(t, 3)
			client := cluster.Client(t)
			logs := storetest.Open(t, client, store.Options{})
			users := oneOfEach(t, cluster, 3)
			all := storetest.Watch(t, logs, "", "")
			all.Live(0)
			views := make([]*storetest.View, 3)
			for i, username := range users {
				views[i] = storetest.Watch(t, logs, username, "")
				views[i].Live(0)
				publish(t, client, username, 0)
				views[i].Live(1)
			}
			all.Live(3)
			master := cluster.MasterOfSlot(0)
			replica := cluster.Replica(master).Client(t)
			stays := func(value string) {
				t.Helper()
				if err := replica.ConfigSet(t.Context(), "cluster-replica-no-failover", value).Err(); err != nil {
					t.Fatal(err)
				}
			}
			stays("yes")
			failed := time.Now()
			test.fail(master)
			views[0].Until(func() bool { return views[0].State == store.Lost })
			all.Until(func() bool { return all.State == store.Lost })
			for _, v := range views[1:] {
				goesOn(t, v)
			}
			t.Logf("told after %s", time.Since(failed))
			publish(t, client, users[1], 1)
			publish(t, client, users[2], 1)
			stays("no")
			cluster.MasterOfSlot(0)
			healed := time.Now()
			client.ReloadState(t.Context())
			redistest.Eventually(t, "it is written again", func() bool { return tryPublish(client, users[0], 1) == nil })
			views[0].Live(2)
			t.Logf("live again after %s", time.Since(healed))
			all.Live(6)
			for _, v := range views {
				v.Live(2)
				v.Shows("0 1")
			}
			if all.Gaps > 0 {
				t.Errorf("everyone has %d gaps: %s", all.Gaps, all.Paths())
			}
			if test.recovers {
				master.Resume() // it finds out by and by that it is a master no more
				publish(t, client, users[0], 2)
				views[0].Live(3)
				all.Live(7)
			}
		})
	}
}

// goesOn checks that a viewer of a master that is well is told nothing. Where a busy machine had her told that the master is away, she
// is live again before any other master is.
func goesOn(t *testing.T, v *storetest.View) {
	t.Helper()
	u, told, _ := v.Updates.Poll()
	if !told {
		return
	}
	if v.State = u.State; v.State != store.Lost || u.Gap || len(u.Entries) > 0 {
		t.Errorf("a viewer of another master is told %+v", u)
	}
	v.Live(len(v.Entries))
}

// A master that has lost most others takes subscriptions as before, and no entries.
func TestAMasterThatIsCutOff(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	logs := storetest.Open(t, cluster.Client(t), store.Options{})
	users := oneOfEach(t, cluster, 3)
	views := make([]*storetest.View, len(users))
	for i, username := range users {
		views[i] = storetest.Watch(t, logs, username, "")
		views[i].Live(0)
	}
	for _, other := range cluster.Nodes[1:3] {
		other.Pause()
	}
	for _, v := range views {
		v.Until(func() bool { return v.State == store.Lost })
	}
	for _, other := range cluster.Nodes[1:3] {
		other.Resume()
	}
	for _, v := range views {
		v.Until(func() bool { return v.State == store.Live })
	}
}

// publish records an entry as applications do.
func publish(t *testing.T, client *redis.ClusterClient, username string, n int) {
	t.Helper()
	redistest.Eventually(t, "an entry is written", func() bool { return tryPublish(client, username, n) == nil })
}

// tryPublish is publish once.
func tryPublish(client *redis.ClusterClient, username string, n int) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	e := storetest.Entry(username, n)
	e.ID, e.Time = fmt.Sprintf("%s-%d", username, n), time.Now()
	line, err := e.MarshalJSON()
	if err != nil {
		return err
	}
	names := storetest.KeysOf("userlog:")
	// An answer may come too late for the limit above, and the entry is there.
	script := "if redis.call('lindex', KEYS[1], 0) == ARGV[2] then return 0 end redis.call('lpush', KEYS[1], ARGV[2]) redis.call('pexpire', KEYS[1], 3600000) return redis.call('spublish', ARGV[1], ARGV[2])"
	return client.Eval(ctx, script, []string{names.Log(username)}, names.SlotChannel(names.Slot(username)), line).Err()
}

// Where servers know no sharded channels, as before Redis 7.0, and where other programs listen to users' channels, those are classic.
func TestClassicChannelsOnACluster(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, prefix string
		arguments    []string
	}{
		// Such a server does not know SHARDNUMSUB, which is part of PUBSUB.
		{"an old server", "", []string{"--rename-command", "SSUBSCRIBE", "", "--rename-command", "SPUBLISH", "", "--rename-command", "PUBSUB", ""}},
		{"no prefix", store.NoKeyPrefix, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cluster := redistest.StartCluster(t, 3, test.arguments...)
			client := cluster.Client(t)
			logs := storetest.Open(t, client, store.Options{KeyPrefix: test.prefix})
			views := []*storetest.View{storetest.Watch(t, logs, "ada", ""), storetest.Watch(t, logs, "bob", ""), storetest.Watch(t, logs, "", "")}
			for _, v := range views {
				v.Live(0)
			}
			application := storetest.Open(t, cluster.Client(t), store.Options{KeyPrefix: test.prefix})
			for n, username := range []string{"ada", "bob"} {
				application.Record(storetest.Entry(username, n))
				views[n].Live(1)
			}
			views[2].Live(2)
			storetest.Written(t, application)
			if err := logs.PingFeed(t.Context()); err != nil {
				t.Errorf("a feed does not hear itself: %v", err)
			}
		})
	}
}

// A slot that moves to another master, or is on its way, is followed.
func TestASlotMoves(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	client := cluster.Client(t)
	logs := storetest.Open(t, client, store.Options{MaxEntries: 100}) // more than are recorded while the slot is on its way
	username := oneOfEach(t, cluster, 3)[0]
	ada, all := storetest.Watch(t, logs, username, ""), storetest.Watch(t, logs, "", "")
	ada.Live(0)
	all.Live(0)
	slot := cluster.Slot("userlog:log:" + username)
	var want []string
	for n := range 30 {
		want = append(want, fmt.Sprint(n))
		publish(t, client, username, n)
		if n%5 == 2 {
			cluster.Move(cluster.Nodes[n%3], slot)
		}
	}
	ada.Live(30)
	all.Live(30)
	ada.Shows(strings.Join(want, " "))
	all.Shows(strings.Join(want, " "))
	t.Logf("viewers have been told that logs are lost: %d, everyone's %d times", ada.Lost, all.Lost)
}

// While a list is at its next master already, and its slot is not, nothing of it can be heard. Viewers are told, and then get what
// they have missed, whether the slot follows or the list comes back.
func TestASlotIsOnItsWay(t *testing.T) {
	t.Parallel()
	for _, comesBack := range []bool{false, true} {
		t.Run(fmt.Sprint("comes back: ", comesBack), func(t *testing.T) {
			t.Parallel()
			cluster := redistest.StartCluster(t, 2)
			client := cluster.Client(t)
			logs := storetest.Open(t, client, store.Options{})
			username := oneOfEach(t, cluster, 2)[0]
			key := storetest.Keys(logs).Log(username)
			slot := cluster.Slot(key)
			from, to := cluster.Nodes[0], cluster.Nodes[1]
			ada, all := storetest.Watch(t, logs, username, ""), storetest.Watch(t, logs, "", "")
			ada.Live(0)
			all.Live(0)
			publish(t, client, username, 0)
			ada.Live(1)
			all.Live(1)
			ids := map[*redistest.Server]string{}
			for _, node := range []*redistest.Server{from, to} {
				ids[node] = do(t, node, "cluster", "myid")
			}
			do(t, to, "cluster", "setslot", slot, "importing", ids[from])
			do(t, from, "cluster", "setslot", slot, "migrating", ids[to])
			move := func(from, to *redistest.Server) {
				host, port, _ := strings.Cut(to.Address, ":")
				do(t, from, "migrate", host, port, key, 0, 10_000)
			}
			move(from, to)
			publish(t, client, username, 1)
			for _, v := range []*storetest.View{ada, all} {
				v.Until(func() bool { return v.State == store.Lost })
			}
			if comesBack {
				pipe := to.Client(t).Pipeline()
				_ = pipe.Do(t.Context(), "asking")
				list := pipe.Dump(t.Context(), key)
				if _, err := pipe.Exec(t.Context()); err != nil {
					t.Fatal(err)
				}
				// In one go, so that the list is never missing where it is looked for. A script with both has Valkey crash.
				pipe = from.Client(t).Pipeline()
				_ = pipe.Do(t.Context(), "cluster", "setslot", slot, "stable")
				_ = pipe.Do(t.Context(), "restore", key, 3_600_000, list.Val())
				if _, err := pipe.Exec(t.Context()); err != nil {
					t.Fatal(err)
				}
				do(t, to, "cluster", "setslot", slot, "stable")
			} else {
				do(t, to, "cluster", "setslot", slot, "node", ids[to])
				do(t, from, "cluster", "setslot", slot, "node", ids[to])
			}
			publish(t, client, username, 2)
			for _, v := range []*storetest.View{ada, all} {
				v.Live(3)
				v.Shows("0 1 2")
			}
		})
	}
}

// do sends a command to a node.
func do(t *testing.T, node *redistest.Server, command ...any) string {
	t.Helper()
	answer, err := node.Client(t).Do(t.Context(), command...).Text()
	if err != nil {
		t.Fatalf("%q: %v", command, err)
	}
	return answer
}
