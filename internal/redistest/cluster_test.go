//go:build unix

package redistest_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// A cluster has three shards. The replica of a master that is killed takes over what it knew, and a slot that is moved takes
// its keys along.
func TestCluster(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	cluster := redistest.StartCluster(t, 3)
	client := cluster.Client(t)
	for _, key := range []string{"a", "b", "c", "d"} {
		if err := client.Set(ctx, key, "value", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	master := cluster.Master("a")
	replica := cluster.Replica(master)
	if err := master.Client(t).Wait(ctx, 1, redistest.Patience).Err(); err != nil {
		t.Fatal(err)
	}
	master.Kill()
	if promoted := cluster.Master("a"); promoted != replica {
		t.Errorf("%s took over, and not the replica %s", promoted.Address, replica.Address)
	}
	redistest.Eventually(t, "the key is read again", func() bool {
		client.ReloadState(ctx)
		return client.Get(ctx, "a").Val() == "value"
	})
	master.Restart()
	cluster.AwaitHealth()
	if again := cluster.Replica(replica); again != master {
		t.Error("who comes back is no replica")
	}

	other := cluster.AddMaster()
	cluster.Move(other, cluster.Slot("a"))
	if now := cluster.Master("a"); now != other {
		t.Errorf("the slot is served by %s, and not by %s", now.Address, other.Address)
	}
	if value, err := client.Get(ctx, "a").Result(); err != nil || value != "value" {
		t.Errorf("the key: %q, %v", value, err)
	}
}

// A replica becomes the master, and the client of the sentinels follows.
func TestSentinels(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	sentinels := redistest.StartSentinels(t)
	client := sentinels.Client(t)
	if err := client.Set(ctx, "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if n, err := sentinels.Master().Client(t).Wait(ctx, 2, redistest.Patience).Result(); err != nil || n != 2 {
		t.Fatalf("%d replicas have it, %v", n, err)
	}
	old, promoted := sentinels.Failover()
	if old != sentinels.Servers[0] || promoted == old {
		t.Errorf("%s became %s", old.Address, promoted.Address)
	}
	there := promoted.Client(t)
	redistest.Eventually(t, "the client writes to the new master", func() bool {
		client.Set(ctx, "key", "new", 0)
		return there.Get(ctx, "key").Val() == "new"
	})
}

// Connections stay where they are when a proxy is switched, and new ones go elsewhere.
func TestProxy(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	one, other := redistest.StartTCP(t), redistest.StartTCP(t)
	one.Client(t).Set(ctx, "key", "one", 0)
	other.Client(t).Set(ctx, "key", "other", 0)
	proxy := redistest.StartProxy(t, one.Address)
	options := *one.Client(t).Options()
	options.Network, options.Addr, options.PoolSize = "tcp", proxy.Address, 1
	client := newClient(t, &options)
	is := func(want string) {
		t.Helper()
		if got, err := client.Get(ctx, "key").Result(); err != nil || got != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
	is("one")
	proxy.SwitchTo(other.Address)
	is("one")
	proxy.Cut()
	redistest.Eventually(t, "there is a new connection", func() bool { return client.Ping(ctx).Err() == nil })
	is("other")
}

// A distant server answers later, and its connections end as others do.
func TestDistant(t *testing.T) {
	t.Parallel()
	const delay = 20 * time.Millisecond
	server := redistest.Start(t)
	options := *server.Client(t).Options()
	options.Dialer = redistest.Distant(new(net.Dialer).DialContext, delay)
	client := newClient(t, &options)
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := client.Ping(t.Context()).Err(); err != nil || time.Since(began) < delay {
		t.Errorf("answered after %s: %v", time.Since(began), err)
	}
	server.Kill()
	if err := client.Ping(context.Background()).Err(); err == nil {
		t.Error("a killed server answers")
	}
}

// A server whose clock is ahead says so, and answers everything else as it is.
func TestSkewed(t *testing.T) {
	t.Parallel()
	options := *redistest.Start(t).Client(t).Options()
	options.Dialer = redistest.Skewed(options.Dialer, time.Hour)
	client := newClient(t, &options)
	at, err := client.Time(t.Context()).Result()
	if ahead := time.Until(at); err != nil || (ahead-time.Hour).Abs() > 10*time.Second {
		t.Errorf("the clock is ahead by %s: %v", ahead, err)
	}
	if text, err := client.Echo(t.Context(), "time").Result(); err != nil || text != "time" {
		t.Errorf("echoed is %q: %v", text, err)
	}
}
