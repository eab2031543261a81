package store_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

// durable is a Redis that has kept everything when it comes back.
func durable(t *testing.T) *redistest.Server {
	t.Helper()
	return redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
}

// takesTurns records requests of users, the first of whom makes most, until so reports true. It returns how many of each.
func takesTurns(t *testing.T, logs *store.Store, recorded map[string]int, what string, so func() bool) {
	t.Helper()
	redistest.Eventually(t, what, func() bool {
		for username, n := range map[string]int{"ada": 20, "bob": 3, "eve": 1} {
			storetest.Record(logs, username, recorded[username], recorded[username]+n)
			recorded[username] += n
		}
		return so()
	})
}

// allTold waits until the logs tell all that the stats count as lost.
func allTold(t *testing.T, logs *store.Store, recorded map[string]int) {
	t.Helper()
	storetest.Written(t, logs)
	var told store.Gap
	redistest.Eventually(t, "the logs tell what is lost", func() bool {
		told = store.Gap{}
		ends := true
		for username, n := range recorded {
			entries := storetest.LogOf(t, logs, username)
			for _, e := range entries {
				if e.Gap != nil {
					told.Dropped += e.Gap.Dropped
					told.Indeterminate += e.Gap.Indeterminate
				}
			}
			ends = ends && tellsItsEnd(entries, n)
		}
		stats := logs.Stats() // they count in doubt what is still so, and logs what once was: that may hide what is not told yet
		return ends && told.Dropped+told.Indeterminate >= int(stats.Dropped.Total()+stats.Indeterminate)
	})
	for username, n := range recorded {
		storetest.Told(t, storetest.LogOf(t, logs, username), n)
	}
}

// tellsItsEnd reports whether a log, newest first, tells what it lacks behind the last of a user's requests that it has.
func tellsItsEnd(entries []store.Entry, recorded int) bool {
	last := -1
	for _, e := range entries {
		if n, err := strconv.Atoi(strings.TrimPrefix(e.Path, "/")); err == nil {
			last = max(last, n)
		}
	}
	told := 0
	for _, e := range entries {
		if e.Path == "/"+strconv.Itoa(last) {
			break
		}
		if e.Gap != nil {
			told += e.Gap.Dropped + e.Gap.Indeterminate
		}
	}
	return recorded-1-last <= told
}

func TestLogsTellWhatAnOutageCost(t *testing.T) {
	t.Parallel()
	for name, outage := range map[string]struct{ begin, end func(*redistest.Server) }{
		"kill -9": {(*redistest.Server).Kill, (*redistest.Server).Restart},
		"SIGSTOP": {(*redistest.Server).Pause, (*redistest.Server).Resume},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, recorded := durable(t), map[string]int{}
			logs := storetest.Open(t, server.Client(t), store.Options{QueueSize: 64, MaxEntries: 10_000})
			takesTurns(t, logs, recorded, "something is written", func() bool { return logs.Stats().Written > 0 })
			outage.begin(server)
			takesTurns(t, logs, recorded, "entries are dropped", func() bool {
				s := logs.Stats()
				return !s.Connected && s.Dropped.UserShare > 0 && s.Dropped.QueueFull+s.Dropped.UserShare > 200
			})
			outage.end(server)
			takesTurns(t, logs, recorded, "Redis is back", func() bool { return logs.Stats().Connected })
			allTold(t, logs, recorded)
		})
	}
}

// lastingMaster is the master of ada's log, and its replica never takes over: it would lack what nobody can know of, which is what
// its master confirms when it wakes up.
func lastingMaster(t *testing.T, cluster *redistest.Cluster, logs *store.Store) *redistest.Server {
	t.Helper()
	master := cluster.Master(storetest.Keys(logs).Log("ada"))
	if err := cluster.Replica(master).Client(t).ConfigSet(t.Context(), "cluster-replica-no-failover", "yes").Err(); err != nil {
		t.Fatal(err)
	}
	return master
}

func TestLogsTellWhatAShardCost(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	recorded := map[string]int{}
	logs := storetest.Open(t, cluster.Client(t), store.Options{QueueSize: 64, MaxEntries: 10_000})
	takesTurns(t, logs, recorded, "something is written", func() bool { return logs.Stats().Written > 0 })
	storetest.Written(t, logs)
	master := lastingMaster(t, cluster, logs)
	master.Pause()
	takesTurns(t, logs, recorded, "entries are dropped", func() bool {
		s := logs.Stats()
		return !s.Connected && s.Dropped.QueueFull+s.Dropped.UserShare > 200
	})
	master.Resume()
	redistest.Eventually(t, "the shard is back", func() bool { return logs.Stats().Connected })
	allTold(t, logs, recorded)
}

func TestOthersAreToldNothing(t *testing.T) {
	t.Parallel()
	server := durable(t)
	logs := storetest.Open(t, redistest.Patient(t, server.Client(t)), store.Options{QueueSize: 320, MaxEntries: 10_000})
	storetest.Record(logs, "flood", 0, 1)
	storetest.Written(t, logs)
	server.Kill()
	storetest.Record(logs, "flood", 1, 20_000)
	storetest.Record(logs, "ada", 0, 5)
	server.Restart()
	allTold(t, logs, map[string]int{"flood": 20_000, "ada": 5})
	if log := storetest.LogOf(t, logs, "ada"); storetest.Paths(log) != "4 3 2 1 0" || log[4].Gap != nil {
		t.Errorf("the log of another user: %+v", log)
	}
}

// leaveInDoubt pauses a server while an entry of ada's is under way. *n is the number of the next one. A slow machine may need
// several attempts, since nothing is sent to a server that has just failed to answer.
func leaveInDoubt(t *testing.T, logs *store.Store, server *redistest.Server, n *int) {
	t.Helper()
	redistest.Eventually(t, "an entry is in doubt", func() bool {
		server.Resume()
		redistest.Eventually(t, "nothing waits for Redis", func() bool { return logs.Stats().Queued == 0 && logs.Stats().Connected })
		server.Pause()
		storetest.Record(logs, "ada", *n, *n+1)
		*n++
		redistest.Eventually(t, "Redis is away", func() bool { return !logs.Stats().Connected })
		return logs.Stats().Queued == 0
	})
}

func TestCloseTellsWhatIsLost(t *testing.T) {
	t.Parallel()
	for name, cluster := range map[string]bool{"one Redis": false, "a Cluster": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var logs, reader *store.Store
			var server *redistest.Server
			options := store.Options{QueueSize: 20, MaxEntries: 10_000}
			if cluster {
				c := redistest.StartCluster(t, 3)
				logs, reader = storetest.Open(t, c.Client(t), options), storetest.Open(t, c.Client(t), options)
				server = lastingMaster(t, c, logs)
			} else {
				server = redistest.Start(t)
				logs, reader = storetest.Open(t, server.Client(t), options), storetest.Open(t, server.Client(t), options)
			}
			n := 1
			storetest.Record(logs, "ada", 0, 1)
			storetest.Written(t, logs)
			leaveInDoubt(t, logs, server, &n)
			server.Resume()
			storetest.Written(t, logs)
			redistest.Eventually(t, "Redis is back", func() bool { return logs.Stats().Connected })
			if err := logs.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			stats := logs.Stats()
			if missing := storetest.Told(t, storetest.LogOf(t, reader, "ada"), n); missing.Dropped+missing.Indeterminate < int(stats.Dropped.Total()+stats.Indeterminate) {
				t.Errorf("the log tells %+v, the stats %+v", missing, stats)
			}
		})
	}
}

// What can't be told is in the stats and in the log of the application: Close does not wait for Redis because of it.
func TestCloseDoesNotWaitToTellWhatIsLost(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) (*redistest.Server, *store.Store){
		"one Redis": func(t *testing.T) (*redistest.Server, *store.Store) {
			server := redistest.Start(t)
			return server, storetest.Open(t, server.Client(t), store.Options{})
		},
		"a Cluster": func(t *testing.T) (*redistest.Server, *store.Store) {
			cluster := redistest.StartCluster(t, 3)
			logs := storetest.Open(t, cluster.Client(t), store.Options{})
			return lastingMaster(t, cluster, logs), logs
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, logs := start(t)
			storetest.Record(logs, "ada", 0, 1)
			storetest.Written(t, logs)
			n := 1
			leaveInDoubt(t, logs, server, &n)
			ctx, cancel := context.WithTimeout(t.Context(), redistest.Patience)
			defer cancel()
			started := time.Now()
			if err := logs.Close(ctx); err != nil || ctx.Err() != nil {
				t.Errorf("Close took %s and returned %v", time.Since(started), err)
			}
			server.Resume()
		})
	}
}
