package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// row is what can be measured by itself: the benchmarks of one function.
type row struct {
	name      string
	pkg       string // of the benchmark
	benchmark string // its function, without "Benchmark"
	time      string // of a round, as -benchtime
	rounds    int
	figures   []figure
}

// figure is what a benchmark reports in one unit.
type figure struct {
	below string // the benchmark below the row's function that reports it; "" for each that does
	unit  string
	what  string
	limit limit
}

// limit is what a figure must keep to. Its zero value is none: the figure is there to be known.
type limit struct {
	sign  string
	bound float64 // in seconds, bytes, or as it is reported
}

func atMost(bound float64) limit  { return limit{"≤", bound} }
func atLeast(bound float64) limit { return limit{"≥", bound} }

// met tells whether a value keeps to the limit.
func (l limit) met(value float64) bool {
	return l.sign == "" || l.sign == "≤" && value <= l.bound || l.sign == "≥" && value >= l.bound
}

const (
	recording = "./recording"
	admin     = "./admin"
	once      = "1x"

	// tenMinutes are so many rounds of the eight seconds that the benchmark of frames takes. Each has sockets of its own: those of a host's
	// viewers connect again every minute.
	tenMinutes = 75

	ms = 1e-3
	µs = 1e-6
)

// rows are all rows, in the order of the table.
func rows() []row {
	return []row{
		{"request", recording, "Request", "1s", 5, []figure{
			{"", "track-x-logger", "time that Track adds, as a share of what gin.Logger adds", atMost(0.15)},
			{"", "least-x-logger", "the same of a middleware that only takes the time, and records method, path, route and status", limit{}},
			{"", "needed-x-logger", "the same of one that also looks at all that an entry says, and judges none of it", limit{}},
			{"", "browser-x-logger", "the same of Track, for a page that a browser asks for with 15 headers", limit{}},
			{"", "track-added-ns", "the time that Track adds", limit{}},
			{"", "busy-x-logger", "the same share, beside a writer at full speed", limit{}},
			{"", "allocs", "allocations of a plain request", atMost(0)},
			{"", "masked-allocs", "allocations of a request with a masked query", atMost(1)},
		}},
		{"cpu", recording, "CPU", "5x", 5, []figure{
			{"", "ns/request", "CPU that recording a request costs, at 5,000/s", atMost(30 * µs)},
			{"", "application-ns/request", "of that, the application", limit{}},
			{"", "redis-ns/request", "of that, Redis", limit{}},
		}},
		{"rates", recording, "Rates", once, 3, []figure{
			{"5", "x-synchronous", "CPU that recording a request costs, next to a handler that writes it at once: 5/s", atMost(1)},
			{"20", "x-synchronous", "20/s", atMost(1)},
			{"50", "x-synchronous", "50/s", atMost(1)},
			{"100", "x-synchronous", "100/s", atMost(1)},
			{"1000", "x-synchronous", "1,000/s", atMost(0.3)},
			{"", "ns/request", "the CPU, of application and Redis", limit{}},
			{"", "redis-ns/request", "of that, Redis", limit{}},
			{"", "synchronous-ns/request", "CPU of the handler that writes at once, and of its Redis", limit{}},
			{"", "synchronous-redis-ns/request", "of that, Redis", limit{}},
		}},
		{"writer", recording, "Writer", "1s", 5, []figure{
			{"redis", "x-pipeline", "entries/s written, as a share of a bare go-redis pipeline's", atLeast(0.7)},
			{"redis", "entries/s", "entries/s written", limit{}},
			{"embedded", "entries/s", "entries/s written, embedded store", limit{}},
		}},
		{"cluster", recording, "Cluster", "3x", 3, []figure{
			{"", "cluster-entries/s", "entries/s written to a Cluster of six nodes on this machine", atLeast(40_000)},
			{"", "cluster-redis-ns/entry", "CPU of all six nodes for an entry", atMost(30 * µs)},
			{"", "cluster-application-ns/entry", "CPU of the application for an entry", atMost(10 * µs)},
			{"", "redis-entries/s", "entries/s written to one Redis", limit{}},
			{"", "redis-redis-ns/entry", "CPU of one Redis for an entry", limit{}},
			{"", "redis-application-ns/entry", "CPU of the application for an entry there", limit{}},
		}},
		{"scale", recording, "Scale", once, 3, []figure{
			{"", "master-ns/batch", "CPU of masters for a batch that they read", limit{}},
			{"", "master-ns/entry", "CPU of masters for an entry in it", limit{}},
			{"", "master-ns/index-member", "CPU of masters for a user that is added to it", limit{}},
			{"", "master-ns/idle-second", "CPU of a master in a second without entries", limit{}},
			{"", "replica-ns/batch", "the same of replicas: a batch", limit{}},
			{"", "replica-ns/entry", "an entry", limit{}},
			{"", "replica-ns/index-member", "a user in it", limit{}},
			{"", "replica-ns/idle-second", "a second without entries", limit{}},
			{"", "recorder-ns/batch", "the same of recorders: a batch", limit{}},
			{"", "recorder-ns/entry", "an entry", limit{}},
			{"", "recorder-ns/index-member", "a user in it", limit{}},
			{"", "recorder-ns/idle-second", "a second without entries", limit{}},
			{"", "memory-B/user", "memory of a user with one entry, with the index", limit{}},
			{"", "memory-B/entry", "memory of each further entry", limit{}},
			{"", "connections/recorder-master", "connections of a recorder to each master", limit{}},
			{"", "memory-B/connection", "memory of one in Redis", limit{}},
			{"", "40/s-received-B/entry", "bytes that masters get for an entry", limit{}},
			{"", "40/s-replicated-B/entry", "bytes that replicas get for it", limit{}},
			{"", "master-ns/delivery", "CPU of a master to pass an entry on to an admin", limit{}},
			{"", "admin-ns/other-entry", "CPU of an admin for an entry of nobody who is watched", limit{}},
			{"", "admin-ns/everyone-entry", "CPU of an admin for an entry, with a viewer of everyone", limit{}},
			{"", "40/s-masters-x-model", "50 recorders x 40/s: CPU of masters next to the model's", limit{}},
			{"", "40/s-replicas-x-model", "the same of replicas", limit{}},
			{"", "40/s-recorders-x-model", "the same of recorders", limit{}},
			{"", "40/s-reads-x-model", "batches next to the model's", limit{}},
			{"", "200/s-masters-x-model", "50 recorders x 200/s, which two processors can't do: masters", limit{}},
			{"", "200/s-replicas-x-model", "the same of replicas", limit{}},
			{"", "200/s-recorders-x-model", "the same of recorders", limit{}},
			{"", "200/s-reads-x-model", "batches next to the model's", limit{}},
		}},
		{"saturation", recording, "Saturation", "5x", 5, []figure{
			{"working", "x-plain", "most requests/s with Track, as a share; each works 100 µs", atLeast(0.85)},
			{"working", "dropped-%", "entries dropped meanwhile", atMost(0)},
			{"empty", "x-plain", "the same, with an empty handler", limit{}},
			{"empty", "dropped-%", "entries dropped meanwhile", limit{}},
		}},
		{"mask", "github.com/gin-userlog/userlog/store/internal/mask", "MaskRatio", once, 5, []figure{
			{"worst", "times-plain", "masking the costliest address, next to plain text as long", atMost(3)},
		}},
		{"latency", recording, "Latency", once, 5, []figure{
			{"", "added-p99-ns", "added to an answer at 2,000 requests/s, p99", atMost(50 * µs)},
			{"", "added-p50-ns", "the same, p50", limit{}},
		}},
		{"frame", admin, "Frame", once, 5, []figure{
			{"", "p50-ns", "recorded → frame received, after a quiet moment, p50", atMost(3 * ms)},
			{"", "p99-ns", "the same, p99", atMost(15 * ms)},
			{"", "p50-x-publish", "next to a bare PUBLISH → received, p50", atMost(4)},
			{"", "p99-x-publish", "next to a bare PUBLISH → received, p99", atMost(4)},
			{"", "lost", "frames lost", atMost(0)},
		}},
		{"steady", admin, "Frame", once, tenMinutes, []figure{
			{"", "p50-ns", "recorded → frame received, over ten minutes, median of each p50", atMost(3 * ms)},
			{"", "p99-ns", "the same, p99", limit{}},
			{"", "lost", "frames lost", atMost(0)},
		}},
		{"fanout", admin, "Fanout", once, 3, []figure{
			{"", "pages-p99-ns", "2,000 entries/s → 1,000 viewers of pages, p99", atMost(250 * ms)},
			{"", "programs-p99-ns", "the same for programs (JSON), p99", atMost(250 * ms)},
			{"", "pages-lost", "rows lost by pages", atMost(0)},
			{"", "programs-lost", "entries lost by programs", atMost(0)},
			{"", "loop-p99-ns", "the same with a plain loop without Redis, p99", limit{}},
			{"", "centrifuge-p99-ns", "the same with centrifuge in memory, p99", limit{}},
			{"", "pages-cpu-ns/row", "server's CPU for a row of a page", limit{}},
			{"", "programs-cpu-ns/row", "server's CPU for an entry at a program", limit{}},
			{"", "loop-cpu-ns/row", "the same of the plain loop", limit{}},
			{"", "centrifuge-cpu-ns/row", "the same of centrifuge", limit{}},
			{"", "cpu-x-loop", "server's CPU for a row, next to the plain loop's", limit{}},
			{"", "cpu-x-centrifuge", "server's CPU for a row, next to centrifuge's", limit{}},
		}},
		{"busy", admin, "Busy", once, 3, []figure{
			{"", "programs-p50-ns", "50 entries/s of one user → each viewer's program (JSON), p50", atMost(2 * ms)},
			{"", "programs-p99-ns", "the same, p99", atMost(10 * ms)},
			{"", "pages-p50-ns", "the same for pages, p50", atMost(30 * ms)},
			{"", "pages-p99-ns", "the same, p99", atMost(30 * ms)},
			{"", "p50-x-loop", "p50 of programs, next to that of a plain loop without Redis", limit{}},
			{"", "programs-lost", "entries lost by programs", atMost(0)},
			{"", "pages-lost", "rows lost by pages", atMost(0)},
			{"", "loop-p50-ns", "the same with a plain loop without Redis, p50", limit{}},
			{"", "loop-p99-ns", "the same, p99", limit{}},
			{"", "centrifuge-p50-ns", "the same with centrifuge in memory, p50", limit{}},
			{"", "centrifuge-p99-ns", "the same, p99", limit{}},
			{"", "programs-cpu-ns/row", "server's CPU for an entry at a program", limit{}},
			{"", "pages-cpu-ns/row", "server's CPU for a row of a page", limit{}},
			{"", "loop-cpu-ns/row", "the same of the plain loop", limit{}},
			{"", "centrifuge-cpu-ns/row", "the same of centrifuge", limit{}},
		}},
		{"onelog", admin, "OneLog", once, 3, []figure{
			{"", "p50-ns", "recorded → seen by all viewers of one log, p50", limit{}},
			{"", "p50-x-django", "p50, next to that of django-userlog 0.2", atMost(0.25)},
			{"", "p99-x-django", "p99, next to the p50 of django-userlog 0.2", atMost(0.25)},
			{"", "p50-x-loop", "p50, next to that of a plain loop without Redis", limit{}},
			{"", "lost", "rows lost", atMost(0)},
			{"", "page-added-p50-ns", "added to the watched user's own pages, p50", atMost(1 * ms)},
		}},
		{"idle", admin, "Idle", once, 1, []figure{
			{"", "lost", "of viewers with nothing to see: not held", atMost(0)},
			{"programs/viewers=10000", "memory-B/viewer", "memory of a viewer's program (JSON)", atMost(22 << 10)},
			{"pages/viewers=10000", "memory-B/viewer", "memory of a viewer's page", atMost(26 << 10)},
			{"loop/viewers=10000", "memory-B/viewer", "the same of a plain loop", limit{}},
			{"centrifuge/viewers=10000", "memory-B/viewer", "the same of centrifuge", limit{}},
			{"programs/viewers=1000", "memory-B/viewer", "memory of one of fewer programs", limit{}},
			{"pages/viewers=1000", "memory-B/viewer", "memory of one of fewer pages", limit{}},
			{"programs/viewers=10000", "goroutines/viewer", "goroutines of a viewer", limit{}},
			{"loop/viewers=10000", "goroutines/viewer", "the same of a plain loop", limit{}},
			{"centrifuge/viewers=10000", "goroutines/viewer", "the same of centrifuge", limit{}},
			{"pages/viewers=10000", "added-connections", "connections to Redis beyond one viewer's: at most a pool's", atMost(float64(10 * runtime.GOMAXPROCS(0)))},
			{"pages/viewers=10000", "cpu-%", "CPU of all pages", limit{}},
		}},
		{"slow", admin, "Slow", once, 1, []figure{
			{"", "others-p99-x-without", "one viewer never reads: p99 of 1,000 others, next to without", atMost(1.2)},
			{"", "others-lost", "rows that the others lost", atMost(0)},
			{"", "full-sec", "until that viewer is gone, once its buffers are full", atMost(15)},
			{"", "goroutines-left", "goroutines left of it", atMost(0)},
		}},
		{"login", admin, "Login", "100x", 1, []figure{
			{"", "apart-%", "wrong password, for an account or none: medians apart", atMost(5)},
			{"", "known-p50-ns", "a login with a wrong password", limit{}},
		}},
		{"search", admin, "Search", "1s", 1, []figure{
			{"", "p99-ns", "search in a million names, p99", atMost(50 * ms)},
			{"parts-home", "p50-ns", "home page with a million users in 16 parts, p50", atMost(10 * ms)},
			{"parts-home", "p99-ns", "the same, p99", limit{}},
		}},
		{"page", admin, "Page", "1s", 3, []figure{
			{"static", "ns/op", "static log of 25 rows, the server's time", atMost(5 * ms)},
			{"live", "ns/op", "live log, the server's time", atMost(5 * ms)},
			{"unchanged", "ns/op", "log that has not changed (304)", atMost(1 * ms)},
			{"home", "ns/op", "home page with 20 users", limit{}},
		}},
		{"weight", admin, "Weight", once, 1, []figure{
			{"", "bytes", "HTML, CSS and JavaScript of the live page, compressed", atMost(50_000)},
			{"", "plain-bytes", "the same, not compressed", limit{}},
		}},
	}
}

// choose returns the row of a name. For "" it returns all, but for those that take ten minutes alone.
func choose(name string) ([]row, error) {
	if name == "" {
		return slices.DeleteFunc(rows(), func(r row) bool { return r.rounds == tenMinutes }), nil
	}
	var names []string
	for _, r := range rows() {
		if r.name == name {
			return []row{r}, nil
		}
		names = append(names, r.name)
	}
	return nil, fmt.Errorf("there is no row %q: use one of %s", name, strings.Join(names, ", "))
}
