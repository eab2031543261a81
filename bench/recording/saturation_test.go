package recording

import (
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// BenchmarkSaturation compares how many requests a second the application answers at most without and with Track: where its
// handler works for 100 µs, and where it does nothing.
func BenchmarkSaturation(b *testing.B) {
	b.Run("working", func(b *testing.B) { saturate(b, load{Requests: 4000, Work: workOf(100 * time.Microsecond)}) })
	b.Run("empty", func(b *testing.B) { saturate(b, load{Requests: 16_000}) })
}

func saturate(b *testing.B, each load) {
	p := startPair(b, redistest.Start(b).URL)
	var took [2]time.Duration
	for b.Loop() {
		for _, which := range inTurns {
			began := time.Now()
			each.mustRun(b, p[which].Address)
			took[which] += time.Since(began)
		}
	}
	stats := p.written()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(stats.Accepted)/took[withTrack].Seconds(), "requests/s")
	b.ReportMetric(took[withoutTrack].Seconds()/took[withTrack].Seconds(), "x-plain")
	b.ReportMetric(100*float64(stats.Dropped.Total())/float64(stats.Accepted), "dropped-%")
}
