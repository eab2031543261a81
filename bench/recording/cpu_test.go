package recording

import (
	"testing"

	"github.com/gin-userlog/userlog/bench/internal/start"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// BenchmarkCPU measures how much CPU time a recorded request costs the application and Redis, beyond what the request itself
// costs, at 5,000 requests a second.
func BenchmarkCPU(b *testing.B) {
	server := redistest.Start(b)
	p := startPair(b, server.URL)
	each := load{Requests: 2000, Rate: 5000}
	var spent [2]start.Spent
	requests := 0
	for b.Loop() {
		requests += 2 * each.Requests
		for _, which := range inTurns {
			meter := start.Meter{Programs: p[which : which+1], Nodes: []*redistest.Server{server}}
			spent[which].Add(meter.Measure(b, func() {
				each.mustRun(b, p[which].Address)
				if which == withTrack {
					p.allWritten(b)
				}
			}))
		}
	}
	recording := spent[withTrack]
	recording.Ours -= spent[withoutTrack].Ours
	b.ReportMetric(0, "ns/op")
	recording.Report(b, "", "request", requests)
}
