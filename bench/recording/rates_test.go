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
var rates = []load{{Requests: 64, Rate: 5}, {Requests: 160, Rate: 20}, {Requests: 320, Rate: 50}, {Requests: 480, Rate: 100}, {Requests: 3200, Rate: 1000}}

// BenchmarkRates measures how much CPU time a recorded request costs the application and Redis at several rates, beyond what
// the request itself costs. Its peer does for each request what django-userlog's middleware does, before it answers. Nobody
// watches. What Redis uses while nobody asks it is taken off.
func BenchmarkRates(b *testing.B) {
	nodes := []*redistest.Server{redistest.Start(b)}
	p := pair{start.Process(b, "plain-driven", ""), start.Process(b, "tracked-driven", nodes[0].URL)}
	programs := append(p[:], start.Process(b, "synchronous-driven", nodes[0].URL))
	for _, each := range rates {
		b.Run(strconv.Itoa(each.Rate), func(b *testing.B) {
			requests := 0
			var spent [3]start.Spent
			for b.Loop() {
				requests += each.Requests
				for i, program := range programs {
					meter := start.Meter{Programs: programs[i : i+1], Nodes: nodes}
					spent[i].Add(meter.Measure(b, func() { program.Ask("/drive", each, new(bool)) }))
				}
				p.allWritten(b)
			}
			ours, theirs := beyond(spent[1], spent[0]), beyond(spent[2], spent[0])
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(ours.Ours+ours.Redis)/float64(theirs.Ours+theirs.Redis), "x-synchronous")
			ours.Report(b, "", "request", requests)
			theirs.Report(b, "synchronous-", "request", requests)
		})
	}
}

// beyond takes off what as many requests take that record nothing, and what Redis uses in as much time.
func beyond(s, idle start.Spent) start.Spent {
	s.Ours -= idle.Ours
	s.Redis -= time.Duration(float64(idle.Redis) * s.Took.Seconds() / idle.Took.Seconds())
	return s
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
		return start.Also(application, "/drive", func(l load) (any, error) {
			tick := time.NewTicker(time.Second / time.Duration(l.Rate))
			defer tick.Stop()
			var all sync.WaitGroup
			for n := range l.Requests {
				<-tick.C
				all.Go(func() {
					request := httptest.NewRequest(http.MethodGet, fmt.Sprintf("/orders/%d/0", n%connections), nil)
					application.ServeHTTP(httptest.NewRecorder(), request)
				})
			}
			all.Wait()
			time.Sleep(writtenBy)
			return true, nil
		}), nil
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
