package admin

import (
	"fmt"
	"math"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/gin-userlog/userlog/bench/internal/start"
)

// BenchmarkLogin compares how long a wrong password takes for an account that there is, and for one that there is not: an
// attacker must not learn which names are accounts.
func BenchmarkLogin(b *testing.B) {
	s := newSite(b)
	attempts := 0
	attempt := func(name string, took *hdrhistogram.Histogram) {
		attempts++
		r := loginForm(name, "wrong horse battery")
		r.RemoteAddr = fmt.Sprintf("10.0.%d.%d:1", attempts/256%256, attempts%256) // so that nothing is put off
		runtime.GC()                                                               // each hash fills the heap: which attempt has to empty it is chance
		began := time.Now()
		s.serve(b, r, http.StatusUnprocessableEntity)
		_ = took.RecordValue(time.Since(began).Nanoseconds())
	}
	known, unknown := start.Histogram(), start.Histogram()
	for b.Loop() {
		attempt(account, known)
		attempt("other-account", unknown)
		attempt("other-account", unknown)
		attempt(account, known)
	}
	b.ReportMetric(0, "ns/op")
	with, without := float64(known.ValueAtQuantile(50)), float64(unknown.ValueAtQuantile(50))
	b.ReportMetric(with, "known-p50-ns")
	b.ReportMetric(without, "unknown-p50-ns")
	b.ReportMetric(100*math.Abs(with-without)/with, "apart-%")
}
