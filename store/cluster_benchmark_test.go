package store_test

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

// BenchmarkPublish compares the costs of a message on a classic channel and on that of a slot, in a Cluster of three
// masters and three replicas. They are processor time of all nodes, and bytes that these write.
func BenchmarkPublish(b *testing.B) {
	names := storetest.KeysOf("userlog:")
	line := strings.Repeat("x", 300)
	for _, kind := range []string{"publish", "spublish"} {
		b.Run(kind, func(b *testing.B) {
			cluster := redistest.StartCluster(b, 3)
			client := cluster.Client(b)
			before := costsOf(b, cluster)
			b.ResetTimer()
			for sent := 0; sent < b.N; sent += 100 {
				pipe := client.Pipeline()
				for n := range min(100, b.N-sent) {
					slot := uint16(n * 163)
					_ = pipe.Process(b.Context(), redis.NewIntCmd(b.Context(), kind, names.SlotChannel(slot), line))
				}
				if _, err := pipe.Exec(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			after := costsOf(b, cluster)
			b.ReportMetric((after.micros-before.micros)/float64(b.N), "redis-µs/op")
			b.ReportMetric((after.bytes-before.bytes)/float64(b.N), "written-B/op")
		})
	}
}

// costs are what the nodes of a cluster have used.
type costs struct{ micros, bytes float64 }

func costsOf(b *testing.B, cluster *redistest.Cluster) (all costs) {
	b.Helper()
	for _, node := range cluster.Nodes {
		about := node.Client(b).Info(b.Context(), "everything").Val()
		for _, name := range []string{"used_cpu_user", "used_cpu_sys"} {
			all.micros += 1e6 * number(b, about, name+":")
		}
		counts, err := os.ReadFile(fmt.Sprintf("/proc/%.0f/io", number(b, about, "process_id:")))
		if err != nil {
			b.Skip("no counts of bytes here: ", err)
		}
		all.bytes += number(b, string(counts), "wchar: ")
	}
	return all
}

// number is the one behind a name in a text.
func number(b *testing.B, text, name string) float64 {
	b.Helper()
	found := regexp.MustCompile(`(?m)^` + name + `([0-9.]+)`).FindStringSubmatch(text)
	if found == nil {
		b.Fatalf("there is no %s", name)
	}
	n, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		b.Fatal(err)
	}
	return n
}
