package recording

import (
	"crypto/sha256"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/bench/internal/start"
	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

// plain is an application without Track.
func plain(string) (http.Handler, error) { return application(), nil }

// tracked is the same application, and records. Its stats are at /stats.
func tracked(redisURL string) (http.Handler, error) {
	logs, err := store.Open(redisURL, start.Quiet())
	if err != nil {
		return nil, err
	}
	user := func(c *gin.Context) string { return c.Param("user") }
	r := application(middleware.Track(logs, user, middleware.Options{}))
	r.GET("/stats", func(c *gin.Context) { c.JSON(http.StatusOK, logs.Stats()) }) // nobody's, so that it is not recorded
	return r, nil
}

// answer is what the application answers.
const answer = "Thank you."

// application has one route. A request says in its path how much work it is.
func application(middleware ...gin.HandlerFunc) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.Use(middleware...)
	r.GET("/orders/:user/:work", func(c *gin.Context) {
		if n, err := strconv.Atoi(c.Param("work")); err == nil {
			work(n)
		}
		c.String(http.StatusOK, answer)
	})
	return r
}

// work takes the same CPU time however busy the machine is.
func work(n int) {
	var block [sha256.Size]byte
	for range n {
		block = sha256.Sum256(block[:])
	}
}

// workOf is how much work takes d of CPU time on this machine when it is idle.
func workOf(d time.Duration) int {
	const sample = 20_000
	fastest := time.Hour
	for range 5 {
		began := time.Now()
		work(sample)
		fastest = min(fastest, time.Since(began))
	}
	return int(sample * d / fastest)
}

// pair is the same application without and with Track. One is idle while the other is measured.
type pair [2]*start.Server

const (
	withoutTrack = iota
	withTrack
)

// inTurns is the order in which a pair is measured, so that a machine that gets busier meets both alike.
var inTurns = [...]int{withoutTrack, withTrack, withTrack, withoutTrack}

func startPair(b *testing.B, redisURL string) pair {
	b.Helper()
	return pair{start.Process(b, "plain", ""), start.Process(b, "tracked", redisURL)}
}

// written waits until nothing is queued any more, and returns the stats. It asks seldom, since to answer costs what a request does.
func (p pair) written() (stats store.Stats) {
	for {
		p[withTrack].Get("/stats", &stats)
		if stats.Queued == 0 {
			return stats
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// allWritten is written, and ends the benchmark when something was lost.
func (p pair) allWritten(b *testing.B) {
	b.Helper()
	if stats := p.written(); stats.Written != stats.Accepted {
		b.Fatalf("not everything was written: %+v", stats)
	}
}
