package soak

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// A Redis Cluster is written, read, searched and watched as a single Redis is.
func TestCluster(t *testing.T) {
	t.Parallel()
	for name, prefix := range map[string]string{"default prefix": "", "no prefix": store.NoKeyPrefix} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := cluster(t)
			logs := open(t, client, store.Options{KeyPrefix: prefix, MaxEntries: 10_000})
			viewer := view(t, logs)
			everyone, err := logs.SubscribeEveryone("")
			if err != nil {
				t.Fatal(err)
			}
			defer everyone.Close()
			warm(t, logs)
			fillInPortions(t, logs, 250)
			present := audit(t, logs, client)
			if s := logs.Stats(); s.Written+s.Indeterminate != 251 || s.Indeterminate > long(inDoubt(1), 0) {
				t.Errorf("%d in the lists: %+v", present, s)
			}
			log, err := logs.Log(t.Context(), users()[3])
			if listed := written(t, logs, client, users()[3]); err != nil || len(log.Entries) != len(listed) || len(listed) == 0 {
				t.Errorf("one user's log: %d entries of %d, %v", len(log.Entries), len(listed), err)
			}
			redistest.Eventually(t, "all who fit are found", func() bool {
				found, err := logs.Search(t.Context(), "user-1", 50)
				return err == nil && len(found.Users) == 11
			})
			if seen, err := logs.LastSeen(t.Context(), 50); err != nil || len(seen) != 20 {
				t.Errorf("last seen: %v, %v", seen, err)
			}
			since := time.Now()
			record(logs, users(), 1000)
			viewer.await(t, since)
			for heard := ""; heard != "/1000"; {
				update, err := everyone.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if n := len(update.Entries); n > 0 {
					heard = update.Entries[n-1].Path
				}
			}
			summary(t, logs, "cluster, "+name, "present", present)
		})
	}
}

// Both lists of a user are in one slot, whatever braces the name has: what counts is kept on a cluster, too.
func TestClusterKeepsWhatCounts(t *testing.T) {
	t.Parallel()
	logs := open(t, cluster(t), store.Options{MaxEntries: 5})
	for _, username := range []string{"ada", "{ada}", "{}", "a}b", "a{}b", "{ada"} {
		logs.Record(store.Entry{Username: username, Method: "GET", Path: "/page", Kind: store.KindPage, Code: 200})
		settled(t, logs)
		for range 20 {
			logs.Record(store.Entry{Username: username, Method: "GET", Path: "/poll", Kind: store.KindFetch, Code: 200, From: "/page"})
		}
		settled(t, logs)
		log, err := logs.Log(t.Context(), username)
		if n := len(log.Entries); err != nil || n != 6 || log.Entries[5].Path != "/page" {
			t.Errorf("%s: %d entries, %v", username, n, err)
		}
	}
	if s := logs.Stats(); s.Dropped.Total() != 0 || s.Indeterminate > long(inDoubt(1), 0) {
		t.Errorf("the stats: %+v", s)
	}
}

// fillInPortions records n entries, from number 1 on. In the short form it waits again and again until they are written. On a
// Cluster a batch is a transaction for each user, one after the other, for all of which there is half a second. On a busy
// machine a batch of a hundred would take longer, and be in doubt.
func fillInPortions(t *testing.T, logs *store.Store, n int) {
	t.Helper()
	portion := long(5, n)
	for i := range n {
		record(logs, users(), i+1)
		if (i+1)%portion == 0 {
			settled(t, logs)
		}
	}
}

// cluster starts a Redis Cluster of one server.
func cluster(t *testing.T) *redis.ClusterClient {
	t.Helper()
	server := redistest.StartTCP(t, "--cluster-enabled", "yes", "--cluster-port", redistest.FreePort(t))
	admin := server.Client(t)
	do(t, admin, "cluster", "addslotsrange", "0", "16383")
	redistest.Eventually(t, "the cluster is up", func() bool {
		return strings.Contains(admin.ClusterInfo(t.Context()).Val(), "cluster_state:ok")
	})
	client := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: []string{server.Address}, Dialer: redistest.WithoutDeadlines(new(net.Dialer).DialContext),
	})
	t.Cleanup(func() { client.Close() })
	return client
}
