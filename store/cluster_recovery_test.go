package store_test

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

// A replica takes subscriptions, and passes on what it hears of its master. Where other nodes still say that it is the master, viewers are
// told that a part is away, until it is known who is.
func TestAReplicaIsNotTakenForAMaster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	var first atomic.Pointer[redistest.Server] // whom the feed takes for the master of the first shard
	first.Store(cluster.Nodes[0])
	client := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: cluster.Addresses(),
		ClusterSlots: func(context.Context) ([]redis.ClusterSlot, error) {
			shards := make([]redis.ClusterSlot, 3)
			for i, node := range []*redistest.Server{first.Load(), cluster.Nodes[1], cluster.Nodes[2]} {
				shards[i] = redis.ClusterSlot{Start: 16384 * i / 3, End: 16384*(i+1)/3 - 1, Nodes: []redis.ClusterNode{{Addr: node.Address}}}
			}
			return shards, nil
		},
	})
	t.Cleanup(func() { client.Close() })
	logs := storetest.Open(t, client, store.Options{})
	username := oneOfEach(t, cluster, 3)[0]
	all := storetest.Watch(t, logs, "", "")
	all.Live(0)
	replica := cluster.Nodes[3]
	do(t, replica, "cluster", "failover")
	all.Until(func() bool { return all.State == store.Lost }) // although it has no list that would have to be read
	first.Store(replica)
	all.Live(0)
	publish(t, cluster.Client(t), username, 0)
	all.Live(1)
	all.Shows("0")
}

// A connection whose last slot has moved away asks its server for nothing any more.
func TestAMasterWithoutSlotsIsLeftAlone(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 2)
	client := cluster.Client(t)
	logs := storetest.Open(t, client, store.Options{})
	username := oneOfEach(t, cluster, 2)[0]
	from, to := cluster.Nodes[0], cluster.Nodes[1]
	ada := storetest.Watch(t, logs, username, "")
	ada.Live(0)
	cluster.Move(to, cluster.Slot(storetest.Keys(logs).Log(username)))
	publish(t, client, username, 0)
	ada.Live(1)
	ada.Shows("0")
	redistest.Eventually(t, "the connection is closed", func() bool {
		return !strings.Contains(from.Client(t).ClientList(t.Context()).Val(), "cmd=ssubscribe")
	})
	if n := subscriptions(t, from); n > 10 {
		t.Errorf("the server was asked for %d subscriptions", n)
	}
}

// subscriptions is how often a server was asked for one, whether it had the slot or not.
func subscriptions(t *testing.T, server *redistest.Server) (n int) {
	t.Helper()
	about := regexp.MustCompile(`cmdstat_ssubscribe:calls=(\d+).*,rejected_calls=(\d+)`)
	found := about.FindStringSubmatch(server.Client(t).Info(t.Context(), "commandstats").Val())
	if found == nil {
		t.Fatal("the server has counted no subscription")
	}
	for _, count := range found[1:] {
		calls, err := strconv.Atoi(count)
		if err != nil {
			t.Fatal(fmt.Errorf("count subscriptions: %w", err))
		}
		n += calls
	}
	return n
}
