package recording

import (
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/bench/internal/start"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// BenchmarkCPU measures how much CPU time a recorded request costs the application and Redis, beyond what the request itself
// costs, at 5,000 requests a second.
func BenchmarkCPU(b *testing.B) {
	server := redistest.Start(b)
	client := server.Client(b)
	p := startPair(b, server.URL)
	each := load{requests: 2000, rate: 5000}
	var application, inRedis time.Duration
	requests := 0
	for b.Loop() {
		requests += 2 * each.requests
		p.inTurns(func(s *start.Server) {
			before := s.Usage().CPU
			each.mustRun(b, s.Address)
			application -= s.Usage().CPU - before
		}, func(s *start.Server) {
			before, redisBefore := s.Usage().CPU, redisCPU(b, client)
			each.mustRun(b, s.Address)
			if stats := p.written(); stats.Written != stats.Accepted {
				b.Fatalf("not everything was written: %+v", stats)
			}
			application += s.Usage().CPU - before
			inRedis += redisCPU(b, client) - redisBefore
		})
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(application.Nanoseconds())/float64(requests), "application-ns/request")
	b.ReportMetric(float64(inRedis.Nanoseconds())/float64(requests), "redis-ns/request")
	b.ReportMetric(float64((application+inRedis).Nanoseconds())/float64(requests), "ns/request")
}

// redisCPU is the CPU time that a Redis says it has used so far.
func redisCPU(b *testing.B, client *redis.Client) time.Duration {
	b.Helper()
	info, err := client.InfoMap(b.Context(), "cpu").Result()
	if err != nil {
		b.Fatal(err)
	}
	total := 0.0
	for _, name := range []string{"used_cpu_user", "used_cpu_sys"} {
		seconds, err := strconv.ParseFloat(info["CPU"][name], 64)
		if err != nil {
			b.Fatalf("%s: %v", name, err)
		}
		total += seconds
	}
	return time.Duration(total * float64(time.Second))
}
