package start

import (
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Histogram is for durations from a microsecond to a minute.
type Histogram struct{ *hdrhistogram.Histogram }

// NewHistogram returns an empty one.
func NewHistogram() Histogram {
	return Histogram{hdrhistogram.New(int64(time.Microsecond), int64(time.Minute), 3)}
}

// Since notes how long something has taken by now. A time of more than a minute is not noted.
func (h Histogram) Since(began time.Time) { _ = h.RecordValue(time.Since(began).Nanoseconds()) }

// Quantile is in nanoseconds.
func (h Histogram) Quantile(q float64) float64 { return float64(h.ValueAtQuantile(q)) }

// Report reports median and 99th percentile, below a name that may be empty.
func (h Histogram) Report(b *testing.B, name string) {
	b.ReportMetric(h.Quantile(50), name+"p50-ns")
	b.ReportMetric(h.Quantile(99), name+"p99-ns")
}

// Ratio is how many times that of other a quantile is.
func (h Histogram) Ratio(other Histogram, q float64) float64 {
	return h.Quantile(q) / other.Quantile(q)
}
