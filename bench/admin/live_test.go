package admin

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/bench/internal/start"
)

// BenchmarkFrame measures how long an entry takes from its recording to its viewer, after a quiet moment. In turns with that,
// on the same Redis, it measures how long a message takes from a bare PUBLISH to its subscriber.
func BenchmarkFrame(b *testing.B) {
	const entries, rate = 100, 25 // so that each of five users is quiet for 200 ms
	v := watch(b, pages)
	v.join(b, 5, 5)
	client, channel := v.redis.Client(b), "userlog:a-bare-publish" // go-redis 9.21 waits for more after a very short name
	subscription := client.Subscribe(b.Context(), channel)
	defer subscription.Close()
	if _, err := subscription.Receive(b.Context()); err != nil {
		b.Fatal(err)
	}
	var ours seen
	publish := start.NewHistogram()
	for b.Loop() {
		for range entries {
			time.Sleep(time.Second / rate)
			began := time.Now()
			if err := client.Publish(b.Context(), channel, timedPath(began)).Err(); err != nil {
				b.Fatal(err)
			}
			if _, err := subscription.ReceiveMessage(b.Context()); err != nil {
				b.Fatal(err)
			}
			publish.Since(began)
		}
		ours.add(v.burst(burst{Entries: entries, Users: 5, Rate: rate}))
	}
	b.ReportMetric(0, "ns/op")
	ours.report(b, "")
	publish.Report(b, "publish-")
	b.ReportMetric(ours.Ratio(publish, 50), "p50-x-publish")
	b.ReportMetric(ours.Ratio(publish, 99), "p99-x-publish")
}

// BenchmarkFanout has 2,000 entries a second of 100 users reach 1,000 viewers: pages and programs of userlog, viewers of a
// plain loop, and of centrifuge. They take turns.
func BenchmarkFanout(b *testing.B) {
	load := burst{Entries: 4000, Users: 100, Rate: 2000}
	all := contenders(b)
	prepare(b, all, 1000, load)
	takeTurns(b, all, load)
	pages, loop, centrifuge := all[0].spent.Ours.Seconds(), all[2].spent.Ours.Seconds(), all[3].spent.Ours.Seconds()
	b.ReportMetric(pages/loop, "cpu-x-loop")
	b.ReportMetric(pages/centrifuge, "cpu-x-centrifuge")
}

// BenchmarkOneLog has more and more viewers watch one user, who asks for a page eight times a second. It measures when viewers
// see it and how long the user waits for her page; and next to it when as many viewers of a plain loop see an entry.
func BenchmarkOneLog(b *testing.B) {
	ours, plain := watch(b, pages), watch(b, loops)
	const asked, rate = 24, 8
	alone := 0.0                                                                                                          // the median of the page with one viewer
	django := map[int]time.Duration{100: 9 * time.Millisecond, 1000: 92 * time.Millisecond, 2000: 197 * time.Millisecond} // its p50
	for _, n := range []int{1, 100, 1000, 2000} {
		ours.join(b, n, 1)
		plain.join(b, n, 1)
		b.Run(fmt.Sprintf("viewers=%d", n), func(b *testing.B) {
			var all, loop seen
			answers := start.NewHistogram()
			for b.Loop() {
				all.add(ours.during(asked*n, func() {
					for range asked {
						time.Sleep(time.Second / rate)
						began := time.Now()
						ours.server.Get("/page", new(string))
						answers.Since(began)
					}
				}))
				loop.add(plain.burst(burst{Entries: asked, Users: 1, Rate: rate}))
			}
			if n == 1 {
				alone = answers.Quantile(50)
			}
			b.ReportMetric(0, "ns/op")
			all.report(b, "")
			b.ReportMetric(all.Ratio(loop.Histogram, 50), "p50-x-loop")
			b.ReportMetric(all.Ratio(loop.Histogram, 99), "p99-x-loop")
			if theirs, ok := django[n]; ok {
				b.ReportMetric(all.Quantile(50)/float64(theirs.Nanoseconds()), "p50-x-django")
				b.ReportMetric(all.Quantile(99)/float64(theirs.Nanoseconds()), "p99-x-django")
			}
			b.ReportMetric(answers.Quantile(50)-alone, "page-added-p50-ns")
		})
	}
}

// BenchmarkBusy has one user do 50 things a second, evenly, while one and then a hundred viewers watch her: programs and pages of
// userlog, viewers of a plain loop, and of centrifuge. They take turns.
func BenchmarkBusy(b *testing.B) {
	load := burst{Entries: 100, Users: 1, Rate: 50}
	all := contenders(b)
	for _, n := range []int{1, 100} {
		prepare(b, all, n, load)
		b.Run(fmt.Sprintf("viewers=%d", n), func(b *testing.B) {
			takeTurns(b, all, load)
			b.ReportMetric(all[1].seen.Ratio(all[2].seen.Histogram, 50), "p50-x-loop")
		})
	}
}

// BenchmarkIdle holds more and more viewers with nothing to see, each of another user, and measures what they take: 10,000 at
// most, or 1,000 with -short. One kind of viewers comes after the other.
func BenchmarkIdle(b *testing.B) {
	sizes := []int{100, 1000, 10_000}
	if testing.Short() {
		sizes = sizes[:2]
	}
	for _, kind := range []kind{pages, programs, loops, centrifuges} {
		b.Run(kind.name, func(b *testing.B) {
			v := watch(b, kind)
			v.silent = true
			v.join(b, 1, 1) // the feed and its connection begin
			connections := func() float64 { return start.Info(b, v.redis)["connected_clients"] }
			one, connectionsOfOne := v.server.UsageSettled(), connections()
			for _, n := range sizes {
				v.join(b, n, n)
				b.Run(fmt.Sprintf("viewers=%d", n), func(b *testing.B) {
					held := v.server.UsageSettled()
					second := start.Meter{Programs: []*start.Server{v.server}}.Measure(b, func() { time.Sleep(time.Second) })
					b.ReportMetric(0, "ns/op")
					b.ReportMetric(float64(n-v.server.Sockets()), "lost")
					b.ReportMetric((float64(held.Memory)-float64(one.Memory))/float64(n-1), "memory-B/viewer")
					b.ReportMetric(float64(held.Goroutines-one.Goroutines)/float64(n-1), "goroutines/viewer")
					b.ReportMetric(connections()-connectionsOfOne, "added-connections")
					b.ReportMetric(100*second.Ours.Seconds(), "cpu-%")
				})
			}
		})
	}
}

// BenchmarkSlow has one viewer of everyone's log read nothing, among 1,000 viewers at 500 entries a second. It measures what
// the others notice, and when the viewer is gone.
func BenchmarkSlow(b *testing.B) {
	v := watch(b, pages)
	v.join(b, 1000, 100)
	load := burst{Entries: 500, Users: 100, Rate: 500, Padding: 1000} // which fills buffers sooner
	v.burst(load)                                                     // the first time
	for b.Loop() {
		var without, with seen
		for range 4 {
			without.add(v.burst(load))
		}
		before, sockets := v.server.UsageAtRest(), v.server.Sockets()
		conn, err := v.dial(url.Values{"everyone": {"1"}})
		if err != nil {
			b.Fatal(err)
		}
		came := time.Now()
		for with.add(v.burst(load)); v.server.Sockets() > sockets && time.Since(came) < time.Minute; {
			with.add(v.burst(load))
		}
		gone := time.Now()
		full := gone // from then on the buffers of the viewer were full
		for {
			_, message, err := conn.ReadMessage()
			if err != nil {
				break
			}
			for _, at := range recordedAt(message) {
				full = time.Unix(0, at)
			}
		}
		conn.Close()
		for range 4 {
			without.add(v.burst(load))
		}
		with.report(b, "others-")
		b.ReportMetric(with.Ratio(without.Histogram, 99), "others-p99-x-without")
		b.ReportMetric(gone.Sub(full).Seconds(), "full-sec")
		b.ReportMetric(gone.Sub(came).Seconds(), "stayed-sec")
		b.ReportMetric(float64(v.server.UsageAtRest().Goroutines-before.Goroutines), "goroutines-left")
	}
	b.ReportMetric(0, "ns/op")
}
