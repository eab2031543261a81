package recording

import (
	"net"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"

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
	each := load{requests: 5000, rate: 2000}
	p.inTurns(func(s *start.Server) { each.mustRun(b, s.Address) }, func(s *start.Server) { each.mustRun(b, s.Address) })
	begin()
	plain, tracked := start.Histogram(), start.Histogram()
	run := func(into *hdrhistogram.Histogram) func(*start.Server) {
		return func(s *start.Server) { into.Merge(each.mustRun(b, s.Address)) }
	}
	for b.Loop() {
		p.inTurns(run(plain), run(tracked))
	}
	b.ReportMetric(0, "ns/op")
	for _, quantile := range []struct {
		q    float64
		name string
	}{{50, "p50"}, {99, "p99"}} {
		without, with := plain.ValueAtQuantile(quantile.q), tracked.ValueAtQuantile(quantile.q)
		b.ReportMetric(float64(without), "plain-"+quantile.name+"-ns")
		b.ReportMetric(float64(with-without), "added-"+quantile.name+"-ns")
	}
}
