package bench

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

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

// BenchmarkRequest is the request path: the same route bare, with Gin's logger, and with Track.
//
// discard is the middleware alone. away adds a store whose Redis is away and whose queue is full:
// all that Record does in the request's own goroutine, but for copying the entry into the queue.
// redis adds a store that writes as fast as it can in the background, and competes for the queue and
// for the processor at a rate of requests that no application has; its allocations are counted too.
func BenchmarkRequest(b *testing.B) {
	gin.SetMode(gin.ReleaseMode)
	logs := openStore(b, redistest.Start(b).URL, store.Options{})
	away := openStore(b, "unix:///nowhere", store.Options{})
	const plain, secret = "/orders/7", "/orders/7?page=2&token=secret"
	for _, c := range []struct {
		name, target string
		use          []gin.HandlerFunc
	}{
		{"bare", plain, nil},
		{"logger", plain, []gin.HandlerFunc{gin.LoggerWithWriter(io.Discard)}},
		{"track-discard", plain, []gin.HandlerFunc{track(discard{})}},
		{"track-discard-masked", secret, []gin.HandlerFunc{track(discard{})}},
		{"track-away", plain, []gin.HandlerFunc{track(away)}},
		{"track-redis", plain, []gin.HandlerFunc{track(logs)}},
		{"track-redis-masked", secret, []gin.HandlerFunc{track(logs)}},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := gin.New()
			r.Use(c.use...)
			r.GET("/orders/:id", func(c *gin.Context) { c.Status(http.StatusOK) })
			request, w := httptest.NewRequest("GET", c.target, nil), &sink{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				r.ServeHTTP(w, request)
			}
		})
	}
}

// track is the middleware for requests that are all ada's.
func track(logs middleware.Recorder) gin.HandlerFunc {
	return middleware.Track(logs, func(*gin.Context) string { return "ada" }, middleware.Options{})
}

// openStore opens a store that is closed at the end, and logs nothing.
func openStore(b *testing.B, url string, options store.Options) *store.Store {
	b.Helper()
	options.Logger = slog.New(slog.DiscardHandler)
	logs, err := store.Open(url, options)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = logs.Close(ctx) // says what is lost where Redis is away
	})
	return logs
}
