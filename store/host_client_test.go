package store_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

// A replica has less than what the feed has told already. So masters are read, and redirections are followed, whatever the host wants for its
// own commands.
func TestReplicasOfAClusterAreNotRead(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 2)
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addresses(), RouteRandomly: true, MaxRedirects: -1})
	t.Cleanup(func() { client.Close() })
	logs := storetest.Open(t, client, store.Options{})
	users := oneOfEach(t, cluster, 2)
	for _, username := range users {
		storetest.Record(logs, username, 0, 1)
	}
	storetest.Written(t, logs)
	read := func() {
		t.Helper()
		for range 10 {
			for _, username := range users {
				if log, err := logs.Log(t.Context(), username); err != nil || len(log.Entries) != 1 {
					t.Fatalf("the log of %s: %+v, %v", username, log, err)
				}
			}
		}
	}
	read()
	for _, replica := range cluster.Nodes[2:] {
		if stats := replica.Client(t).Info(t.Context(), "commandstats").Val(); strings.Contains(stats, "cmdstat_lrange:") {
			t.Errorf("a replica was read:\n%s", stats)
		}
	}
	cluster.Move(cluster.Nodes[1], cluster.Slot(storetest.Keys(logs).Log(users[0])))
	read()
}

// refusing is a limiter that lets nothing through.
type refusing struct{ t *testing.T }

func (refusing) Allow() error { return errors.New("the host's limit") }

func (l refusing) ReportResult(error) { l.t.Error("a result was reported to the host's limiter") }

// What the host does when its own commands fail says nothing about the store's, nor do the store's failures count against the host.
func TestALimiterOfTheHostIsItsOwn(t *testing.T) {
	t.Parallel()
	options := *redistest.Start(t).Client(t).Options()
	options.Limiter = refusing{t}
	client := redis.NewClient(&options)
	t.Cleanup(func() { client.Close() })
	writesAndReads(t, storetest.Open(t, redistest.Patient(t, client), store.Options{}))
}

func writesAndReads(t *testing.T, logs *store.Store) {
	t.Helper()
	storetest.Record(logs, "ada", 0, 1)
	storetest.Written(t, logs)
	if log, err := logs.Log(t.Context(), "ada"); err != nil || len(log.Entries) != 1 {
		t.Errorf("the log: %+v, %v", log, err)
	}
}

// A Cluster's client has no limiter, so the host gives one to each node's.
func TestALimiterOfTheHostsNodesIsItsOwn(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 1)
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addresses(), NewClient: func(options *redis.Options) *redis.Client {
		options.Limiter = refusing{t}
		return redis.NewClient(options)
	}})
	t.Cleanup(func() { client.Close() })
	writesAndReads(t, storetest.Open(t, client, store.Options{}))
}

// To be asked for a master that it does not know, a Sentinel answers with a nil, as Redis does for a key that is not there.
func TestAMasterThatNoSentinelKnowsHasNoLog(t *testing.T) {
	t.Parallel()
	sentinel := redistest.StartSentinels(t).Sentinels[0].Address
	options := redis.FailoverOptions{MasterName: "nobody", SentinelAddrs: []string{sentinel}}
	for kind, client := range map[string]redis.UniversalClient{
		"one server": redis.NewFailoverClient(&options), "a Cluster": redis.NewFailoverClusterClient(&options),
	} {
		t.Cleanup(func() { client.Close() })
		logs := storetest.Open(t, client, store.Options{})
		if log, err := logs.Log(t.Context(), "ada"); err == nil {
			t.Errorf("as %s it has the log %+v", kind, log)
		}
	}
}
