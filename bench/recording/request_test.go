package recording

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/bench/internal/start"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

// discard is a recorder that keeps nothing: what is left is the middleware's own cost.
type discard struct{}

// Record implements middleware.Recorder.
func (discard) Record(store.Entry) {}

// sink writes nothing, so that the route itself costs as little as possible.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(int)             {}

// BenchmarkRequest measures the request path: the same route bare, with Gin's logger, and with Track, in turns.
//
// Track's own part ends in a store whose Redis is away and whose queue is full. That is all that a recorder does in the
// request's own goroutine, but for copying the entry. "busy" has a store that writes as fast as it can, and competes
// for the processor at a rate of requests that no application has.
func BenchmarkRequest(b *testing.B) {
	const atOnce = 1000
	away, busy := start.Store(b, "unix:///nowhere"), start.Store(b, redistest.Start(b).URL)
	for range 10 * atOnce {
		away.Record(store.Entry{Username: "ada"}) // until its queue is full
	}
	routes := []struct {
		name string
		ask  func()
		took time.Duration
	}{
		{name: "bare", ask: route("/orders/7")},
		{name: "logger", ask: route("/orders/7", gin.LoggerWithWriter(io.Discard))},
		{name: "track", ask: route("/orders/7", track(away))},
		{name: "middleware", ask: route("/orders/7", track(discard{}))},
		{name: "busy", ask: route("/orders/7", track(busy))},
	}
	rounds := 0
	for b.Loop() {
		rounds++
		for i := range routes {
			began := time.Now()
			for range atOnce {
				routes[i].ask()
			}
			routes[i].took += time.Since(began)
		}
		for busy.Stats().Queued > 0 {
			time.Sleep(time.Millisecond) // its writer must not compete with the others
		}
	}
	b.ReportMetric(0, "ns/op")
	bare := routes[0].took
	b.ReportMetric(float64(bare.Nanoseconds())/float64(rounds*atOnce), "bare-ns")
	for _, r := range routes[1:] {
		b.ReportMetric(float64((r.took-bare).Nanoseconds())/float64(rounds*atOnce), r.name+"-added-ns")
	}
	for _, r := range routes[2:] {
		b.ReportMetric(float64(r.took-bare)/float64(routes[1].took-bare), r.name+"-x-logger")
	}
	b.ReportMetric(testing.AllocsPerRun(atOnce, routes[2].ask), "allocs")
	b.ReportMetric(testing.AllocsPerRun(atOnce, route("/orders/7?page=2&token=secret", track(discard{}))), "masked-allocs")
}

// route returns what asks for a target of an application with such middleware.
func route(target string, use ...gin.HandlerFunc) func() {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.Use(use...)
	r.GET("/orders/:id", func(c *gin.Context) { c.Status(http.StatusOK) })
	request, w := httptest.NewRequest(http.MethodGet, target, nil), &sink{http.Header{}}
	return func() { r.ServeHTTP(w, request) }
}

// track is the middleware for requests that are all ada's.
func track(logs middleware.Recorder) gin.HandlerFunc {
	return middleware.Track(logs, func(*gin.Context) string { return "ada" }, middleware.Options{})
}
