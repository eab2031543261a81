package recording

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/bench/internal/start"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// BenchmarkCluster measures how many entries a second are written to a Redis Cluster of three masters and three replicas, and
// how much CPU time an entry costs all nodes and the application, in turns with one Redis.
func BenchmarkCluster(b *testing.B) {
	entries := someEntries(30_000, 1000)
	cluster := redistest.StartCluster(b, 3)
	single := redistest.Start(b)
	patient := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: cluster.Addresses(), Dialer: redistest.WithoutDeadlines(new(net.Dialer).DialContext),
	})
	defer patient.Close()
	both := []*target{
		{name: "cluster", logs: start.StoreOn(b, patient), nodes: cluster.Nodes},
		{name: "redis", logs: start.StoreOn(b, redistest.Patient(b, single.Client(b))), nodes: []*redistest.Server{single}},
	}
	for b.Loop() {
		for _, t := range both {
			t.measure(b, entries)
		}
	}
	b.ReportMetric(0, "ns/op")
	for _, t := range both {
		t.report(b)
	}
}

// target is what entries are written to, and what that has cost so far.
type target struct {
	name    string
	logs    *store.Store
	nodes   []*redistest.Server
	entries int

	took, inRedis, here time.Duration
}

// measure writes the entries.
func (t *target) measure(b *testing.B, entries []store.Entry) {
	b.Helper()
	redisBefore, hereBefore := t.redisCPU(b), ownCPU(b)
	t.took += write(b, t.logs, entries, 1500)
	t.here += ownCPU(b) - hereBefore
	t.inRedis += t.redisCPU(b) - redisBefore
	t.entries += len(entries)
}

func (t *target) report(b *testing.B) {
	each := float64(t.entries)
	b.ReportMetric(each/t.took.Seconds(), t.name+"-entries/s")
	b.ReportMetric(float64(t.inRedis.Nanoseconds())/each, t.name+"-redis-ns/entry")
	b.ReportMetric(float64(t.here.Nanoseconds())/each, t.name+"-application-ns/entry")
}

// redisCPU is the CPU time that all nodes have used so far.
func (t *target) redisCPU(b *testing.B) time.Duration {
	b.Helper()
	all := time.Duration(0)
	for _, node := range t.nodes {
		all += redisCPU(b, node.Client(b))
	}
	return all
}

// ownCPU is the CPU time that this process has used so far.
func ownCPU(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
