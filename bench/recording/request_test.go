package recording

import (
	"cmp"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
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
	asked := httptest.NewRequest(http.MethodGet, "/orders/7", nil)
	routes := []struct {
		name string
		ask  func()
		took time.Duration
	}{
		{name: "bare", ask: route(asked)},
		{name: "logger", ask: route(asked, gin.LoggerWithWriter(io.Discard))},
		{name: "least", ask: route(asked, least(away))},
		{name: "needed", ask: route(asked, needed(away))},
		{name: "track", ask: route(asked, track(away))},
		{name: "browser", ask: route(byBrowser(), track(away))},
		{name: "middleware", ask: route(asked, track(discard{}))},
		{name: "busy", ask: route(asked, track(busy))},
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
		start.Await(busy, 0) // its writer must not compete with the others
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
	b.ReportMetric(testing.AllocsPerRun(atOnce, route(asked, track(away))), "allocs")
	masked := httptest.NewRequest(http.MethodGet, "/orders/7?page=2&token=secret", nil)
	b.ReportMetric(testing.AllocsPerRun(atOnce, route(masked, track(discard{}))), "masked-allocs")
}

// route returns what asks an application with such middleware.
func route(request *http.Request, use ...gin.HandlerFunc) func() {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.Use(use...)
	r.GET("/orders/:id", func(c *gin.Context) { c.Status(http.StatusOK) })
	w := &sink{http.Header{}}
	return func() { r.ServeHTTP(w, request) }
}

// track is the middleware for requests that are all ada's.
func track(logs middleware.Recorder) gin.HandlerFunc {
	return middleware.Track(logs, func(*gin.Context) string { return "ada" }, middleware.Options{})
}

// byBrowser is the same request with the headers that Chromium sends when a link is followed.
func byBrowser() *http.Request {
	request := httptest.NewRequest(http.MethodGet, "/orders/7", nil)
	for name, value := range map[string]string{
		"Accept":                    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
		"Accept-Encoding":           "gzip, deflate, br, zstd",
		"Accept-Language":           "en-US,en;q=0.9",
		"Connection":                "keep-alive",
		"Cookie":                    "session=MTc5NTkyODA2MXxEWDhFQVFM",
		"Referer":                   "http://example.com/orders",
		"Sec-Ch-Ua":                 `"Chromium";v="142"`,
		"Sec-Ch-Ua-Mobile":          "?0",
		"Sec-Ch-Ua-Platform":        `"Linux"`,
		"Sec-Fetch-Dest":            "document",
		"Sec-Fetch-Mode":            "navigate",
		"Sec-Fetch-Site":            "same-origin",
		"Sec-Fetch-User":            "?1",
		"Upgrade-Insecure-Requests": "1",
		"User-Agent":                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
	} {
		request.Header.Set(name, value)
	}
	return request
}

// least is the least that a middleware can do: it knows nothing of kinds, pages, other users, panics and what is sent
// outside of it.
func least(logs *store.Store) gin.HandlerFunc {
	pool := sync.Pool{New: func() any { return new(store.Entry) }}
	return func(c *gin.Context) {
		e := pool.Get().(*store.Entry)
		began := time.Now()
		c.Next()
		e.Username, e.Method, e.Path, e.Route, e.Code = "ada", c.Request.Method, c.Request.RequestURI, c.FullPath(), c.Writer.Status()
		e.Duration = time.Since(began)
		e.Time = began.Add(e.Duration)
		logs.Record(*e)
		*e = store.Entry{}
		pool.Put(e)
	}
}

// needed is the least that sees all that an entry says of a plain request. That is the user before and after the handlers, the
// kind of request and its page, its id, where the answer leads, and the status, also after a panic. It judges none of that,
// serves one goroutine only, and records what leaves Track, not the engine.
func needed(logs *store.Store) gin.HandlerFunc {
	type watching struct {
		gin.ResponseWriter
		store.Entry
		found [2]int
	}
	pool := sync.Pool{New: func() any { return new(watching) }}
	username := func(*gin.Context) string { return "ada" }
	count := func(h http.Header, names []string) (found int) {
		for _, name := range names {
			found += len(h[name])
		}
		return found
	}
	asked := []string{
		"Sec-Fetch-Dest", "Hx-Request", "Accept", "Upgrade", "Sec-Purpose", "Purpose", "X-Moz", "Hx-Preloaded", "Hx-History-Restore-Request",
		"X-Requested-With", "Referer", "X-Request-Id", "Traceparent",
	}
	answered := []string{"X-Request-Id", "Content-Type", "Content-Disposition"}
	return func(c *gin.Context) {
		w := pool.Get().(*watching)
		began := time.Now()
		before := username(c)
		w.found[0] = count(c.Request.Header, asked)
		w.ResponseWriter, c.Writer = c.Writer, w
		defer func() {
			c.Writer = w.ResponseWriter
			w.found[1] = count(w.Header(), answered)
			w.Username, w.Method, w.Path, w.Route, w.Code = cmp.Or(username(c), before), c.Request.Method, c.Request.RequestURI, c.FullPath(), w.Status()
			w.Duration = time.Since(began)
			w.Time = began.Add(w.Duration)
			logs.Record(w.Entry)
			*w = watching{}
			pool.Put(w)
		}()
		c.Next()
	}
}
