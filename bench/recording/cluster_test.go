package recording

import (
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/bench/internal/start"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// BenchmarkCluster measures how many entries a second are written to a Redis Cluster of three masters and three replicas. It
// also measures how much CPU time an entry costs all nodes and the application, in turns with one Redis.
func BenchmarkCluster(b *testing.B) {
	entries := someEntries(30_000, 1000)
	cluster := redistest.StartCluster(b, 3)
	single := redistest.Start(b)
	patient := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: cluster.Addresses(), Dialer: redistest.WithoutDeadlines(new(net.Dialer).DialContext),
	})
	defer patient.Close()
	targets := []*target{
		{name: "cluster-", logs: start.StoreOn(b, patient), nodes: cluster.Nodes},
		{name: "redis-", logs: start.StoreOn(b, redistest.Patient(b, single.Client(b))), nodes: []*redistest.Server{single}},
	}
	written := 0
	for b.Loop() {
		written += len(entries)
		for _, t := range targets {
			t.spent.Add(start.Meter{Nodes: t.nodes}.Measure(b, func() { t.took += write(b, t.logs, entries, 1500) }))
		}
	}
	b.ReportMetric(0, "ns/op")
	for _, t := range targets {
		b.ReportMetric(float64(written)/t.took.Seconds(), t.name+"entries/s")
		t.spent.Report(b, t.name, "entry", written)
	}
}

// target is what entries are written to, and what that has cost so far.
type target struct {
	name  string
	logs  *store.Store
	nodes []*redistest.Server
	spent start.Spent
	took  time.Duration // which counts what gathers at the end as the rest
}
