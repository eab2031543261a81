package admin

import (
	"fmt"
	"math"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/bench/internal/start"
)

// BenchmarkLogin compares how long a wrong password takes for an account that there is, and for one that there is not: an
// attacker must not learn which names are accounts.
func BenchmarkLogin(b *testing.B) {
	s := newSite(b)
	attempts := 0
	attempt := func(name string, took start.Histogram) {
		attempts++
		r := loginForm(name, "wrong horse battery")
		r.RemoteAddr = fmt.Sprintf("10.%d.%d.1:1", attempts/256, attempts%256) // another network, so that nothing is put off
		runtime.GC()                                                           // each hash fills the heap: which attempt has to empty it is chance
		began := time.Now()
		s.serve(b, r, http.StatusUnprocessableEntity)
		took.Since(began)
	}
	known, unknown := start.NewHistogram(), start.NewHistogram()
	for b.Loop() {
		attempt(account, known)
		attempt("other-account", unknown)
		attempt("other-account", unknown)
		attempt(account, known)
	}
	b.ReportMetric(0, "ns/op")
	with, without := known.Quantile(50), unknown.Quantile(50)
	b.ReportMetric(with, "known-p50-ns")
	b.ReportMetric(without, "unknown-p50-ns")
	b.ReportMetric(100*math.Abs(with-without)/with, "apart-%")
}
