package recording

import (
	"testing"
	"time"

	"github.com/gin-userlog/userlog/bench/internal/start"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// BenchmarkSaturation compares how many requests a second the application answers at most without and with Track: where its
// handler works for 100 µs, and where it does nothing.
func BenchmarkSaturation(b *testing.B) {
	b.Run("working", func(b *testing.B) { saturate(b, load{requests: 4000, work: workOf(100 * time.Microsecond)}) })
	b.Run("empty", func(b *testing.B) { saturate(b, load{requests: 16_000}) })
}

func saturate(b *testing.B, each load) {
	p := startPair(b, redistest.Start(b).URL)
	var plain, tracked time.Duration
	run := func(into *time.Duration) func(*start.Server) {
		return func(s *start.Server) {
			began := time.Now()
			each.mustRun(b, s.Address)
			*into += time.Since(began)
		}
	}
	for b.Loop() {
		p.inTurns(run(&plain), run(&tracked))
	}
	stats := p.written()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(stats.Accepted)/tracked.Seconds(), "requests/s")
	b.ReportMetric(plain.Seconds()/tracked.Seconds(), "x-plain")
	b.ReportMetric(100*float64(stats.Dropped.Total())/float64(stats.Accepted), "dropped-%")
}
