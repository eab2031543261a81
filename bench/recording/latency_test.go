package recording

import (
	"net"
	"testing"

	"github.com/gin-userlog/userlog/bench/internal/start"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// BenchmarkLatency compares how long the application takes to answer without and with Track, at 2,000 requests a second,
// whatever Redis does. An answer that is changed ends it.
func BenchmarkLatency(b *testing.B) {
	b.Run("redis=up", func(b *testing.B) { compareLatency(b, redistest.Start(b).URL, func() {}) })
	b.Run("redis=refused", func(b *testing.B) {
		server := redistest.Start(b)
		compareLatency(b, server.URL, server.Kill)
	})
	b.Run("redis=stopped", func(b *testing.B) {
		server := redistest.Start(b)
		compareLatency(b, server.URL, server.Pause)
	})
	b.Run("redis=blackhole", func(b *testing.B) {
		listener, err := net.Listen("tcp", "127.0.0.1:0") // the kernel connects, and nobody answers
		if err != nil {
			b.Fatal(err)
		}
		defer listener.Close()
		compareLatency(b, "redis://"+listener.Addr().String(), func() {})
	})
}

func compareLatency(b *testing.B, redisURL string, begin func()) {
	p := startPair(b, redisURL)
	each := load{Requests: 5000, Rate: 2000}
	took := [2]start.Histogram{start.NewHistogram(), start.NewHistogram()}
	round := func() {
		for _, which := range inTurns {
			took[which].Merge(each.mustRun(b, p[which].Address).Histogram)
		}
	}
	round() // the first time
	begin()
	plain, tracked := took[withoutTrack], took[withTrack]
	plain.Reset()
	tracked.Reset()
	for b.Loop() {
		round()
	}
	b.ReportMetric(0, "ns/op")
	plain.Report(b, "plain-")
	b.ReportMetric(tracked.Quantile(50)-plain.Quantile(50), "added-p50-ns")
	b.ReportMetric(tracked.Quantile(99)-plain.Quantile(99), "added-p99-ns")
}
