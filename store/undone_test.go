package store_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

// testUndone records users' requests, some of which a server forgets that has confirmed them: confirmed is called when some are
// there that it will keep, and forget when it has confirmed more. The logs tell exactly what they lack then.
func testUndone(t *testing.T, client redis.UniversalClient, confirmed, forget func(logs *store.Store)) {
	t.Helper()
	logs, recorded := storetest.Open(t, client, store.Options{MaxEntries: 10_000}), map[string]int{}
	record := func(batches int) {
		for range batches {
			takesTurns(t, logs, recorded, "all is written", func() bool {
				storetest.Written(t, logs)
				return true
			})
		}
	}
	record(3)
	confirmed(logs)
	record(5)
	forget(logs)
	redistest.Eventually(t, "it is known what is gone", func() bool {
		record(1)
		return logs.Stats().Undone > 0
	})
	allTold(t, logs, recorded)
	kept := 0
	for username := range recorded {
		kept += len(storetest.LogOf(t, logs, username))
	}
	s := logs.Stats()
	if undone, gone := int(s.Undone), int(s.Written)-kept; undone < gone || gone == 0 {
		t.Errorf("%d entries are counted as undone, and %d are gone: %+v", undone, gone, s)
	}
}

// A Redis that keeps snapshots only has forgotten what came after the last one, when it has crashed.
func TestLogsTellWhatACrashCost(t *testing.T) {
	t.Parallel()
	for name, snapshot := range map[string]bool{"a snapshot": true, "no snapshot": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			direct := server.Client(t)
			testUndone(t, server.Client(t), func(*store.Store) {
				if snapshot {
					if err := direct.Save(t.Context()).Err(); err != nil {
						t.Fatal(err)
					}
				}
			}, func(*store.Store) {
				server.Kill()
				server.Restart()
			})
		})
	}
}

// On a Cluster a master confirms entries that its replica does not get, and then the replica takes over.
func TestLogsTellWhatAReplicaLacks(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	var replica *redis.Client
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	testUndone(t, cluster.Client(t), func(logs *store.Store) {
		master := cluster.Master(storetest.Keys(logs).Log("ada"))
		replica = cluster.Replica(master).Client(t)
		redistest.Eventually(t, "the replica has all", func() bool {
			return master.Client(t).Wait(t.Context(), 1, 0).Val() == 1
		})
		must(replica.ConfigSet(t.Context(), "masterauth", "wrong").Err()) // it can't connect again
		must(master.Client(t).ClientKillByFilter(t.Context(), "type", "replica").Err())
	}, func(*store.Store) {
		must(replica.Do(t.Context(), "cluster", "failover", "takeover").Err())
	})
}
