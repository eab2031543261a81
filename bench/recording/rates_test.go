package recording

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/bench/internal/start"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// rates are requests a second, and how many of them are a turn.
var rates = []load{{requests: 64, rate: 5}, {requests: 160, rate: 20}, {requests: 320, rate: 50}, {requests: 480, rate: 100}, {requests: 3200, rate: 1000}}

// BenchmarkRates measures how much CPU time a recorded request costs the application and Redis at several rates, beyond what
// the request itself costs. Its peer does for each request what django-userlog's middleware does, before it answers. Nobody
// watches. What Redis uses while nobody asks it is taken off.
func BenchmarkRates(b *testing.B) {
	server := redistest.Start(b)
	client := server.Client(b)
	p := pair{start.Process(b, "plain-driven", ""), start.Process(b, "tracked-driven", server.URL)}
	synchronous := start.Process(b, "synchronous-driven", server.URL)
	for _, each := range rates {
		b.Run(fmt.Sprintf("%d", each.rate), func(b *testing.B) {
			var idle, ours, theirs cost
			for b.Loop() {
				idle.add(measureCost(b, client, p.plain, each))
				ours.add(measureCost(b, client, p.tracked, each))
				theirs.add(measureCost(b, client, synchronous, each))
				if stats := p.written(); stats.Written != stats.Accepted {
					b.Fatalf("not everything was written: %+v", stats)
				}
			}
			ours, theirs = ours.without(idle), theirs.without(idle)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(ours.total()/theirs.total(), "x-synchronous")
			b.ReportMetric(ours.total(), "ns/request")
			b.ReportMetric(ours.inRedis/ours.requests, "redis-ns/request")
			b.ReportMetric(theirs.total(), "synchronous-ns/request")
			b.ReportMetric(theirs.inRedis/theirs.requests, "synchronous-redis-ns/request")
		})
	}
}

// cost is what requests cost, in nanoseconds of CPU time.
type cost struct{ requests, took, application, inRedis float64 }

func (c *cost) add(d cost) {
	c.requests += d.requests
	c.took += d.took
	c.application += d.application
	c.inRedis += d.inRedis
}

// without takes off what as many requests cost that record nothing, in the same time.
func (c cost) without(d cost) cost {
	c.application -= d.application * c.requests / d.requests
	c.inRedis -= d.inRedis * c.took / d.took
	return c
}

// total is that of a request.
func (c cost) total() float64 { return (c.application + c.inRedis) / c.requests }

// measureCost has an application drive itself, and returns what that cost until all of it has been written.
func measureCost(b *testing.B, client *redis.Client, s *start.Server, l load) cost {
	b.Helper()
	before, redisBefore, began := s.Usage().CPU, redisCPU(b, client), time.Now()
	var done bool
	s.Get(fmt.Sprintf("/drive?requests=%d&rate=%d", l.requests, l.rate), &done)
	return cost{
		requests: float64(l.requests), took: float64(time.Since(began).Nanoseconds()),
		application: float64((s.Usage().CPU - before).Nanoseconds()), inRedis: float64((redisCPU(b, client) - redisBefore).Nanoseconds()),
	}
}

// writtenBy is when the last request of a load has been written for certain.
const writtenBy = time.Second

// driven lets an application of some kind drive itself: /drive asks it for pages of 16 users at a steady rate, each in a goroutine of
// its own, and without a connection. What net/http does with one costs more than recording, and would hide the difference.
func driven(kind start.Kind) start.Kind {
	return func(redisURL string) (http.Handler, error) {
		application, err := kind(redisURL)
		if err != nil {
			return nil, err
		}
		paths := http.NewServeMux()
		paths.Handle("/", application)
		paths.HandleFunc("/drive", func(w http.ResponseWriter, r *http.Request) {
			requests, _ := strconv.Atoi(r.FormValue("requests"))
			rate, _ := strconv.Atoi(r.FormValue("rate"))
			tick := time.NewTicker(time.Second / time.Duration(rate))
			defer tick.Stop()
			var all sync.WaitGroup
			for n := range requests {
				<-tick.C
				all.Go(func() {
					request := httptest.NewRequest(http.MethodGet, fmt.Sprintf("/orders/%d/0", n%connections), nil)
					application.ServeHTTP(httptest.NewRecorder(), request)
				})
			}
			all.Wait()
			time.Sleep(writtenBy)
			start.WriteJSON(w, true)
		})
		return paths, nil
	}
}

// synchronous is the application of the pair, and writes each request before it answers, as django-userlog's middleware does.
func synchronous(redisURL string) (http.Handler, error) {
	options, err := redis.ParseURL(redisURL)
	if err != nil {
		return nil, err
	}
	client := redis.NewClient(options)
	return application(func(c *gin.Context) {
		c.Next()
		username, ctx := c.Param("user"), c.Request.Context()
		line, err := json.Marshal(map[string]any{
			"method": c.Request.Method, "path": c.Request.URL.RequestURI(), "code": c.Writer.Status(), "time": float64(time.Now().UnixMicro()) / 1e6,
		})
		if err != nil {
			return // such a map can be encoded
		}
		pipe := client.TxPipeline()
		key := "log:" + username
		pipe.LPush(ctx, key, line)
		pipe.LTrim(ctx, key, 0, 24)
		pipe.Expire(ctx, key, time.Hour)
		pipe.Publish(ctx, "userlog:"+key, line)
		if _, err := pipe.Exec(ctx); err != nil {
			c.Status(http.StatusInternalServerError) // which ends the benchmark
		}
	}), nil
}
