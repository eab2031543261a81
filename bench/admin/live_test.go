package admin

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/bench/internal/start"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// BenchmarkFrame measures how long an entry takes from its recording to its viewer, after a quiet moment; and in turns with it,
// on the same Redis, how long a message takes from a bare PUBLISH to its subscriber.
func BenchmarkFrame(b *testing.B) {
	const entries, rate = 100, 25 // so that each of five users is quiet for 200 ms
	server := redistest.Start(b)
	v := watch(b, "userlog", server.URL)
	v.join(b, 5, 5, "")
	client, channel := server.Client(b), "userlog:a-bare-publish" // go-redis 9.21 waits for more after a very short name
	subscription := client.Subscribe(b.Context(), channel)
	defer subscription.Close()
	if _, err := subscription.Receive(b.Context()); err != nil {
		b.Fatal(err)
	}
	var ours seen
	publish := start.Histogram()
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
			_ = publish.RecordValue(time.Since(began).Nanoseconds())
		}
		ours.add(v.burst(burst{Entries: entries, Users: 5, Rate: rate}))
	}
	b.ReportMetric(0, "ns/op")
	report(b, "", ours.Histogram)
	report(b, "publish-", publish)
	b.ReportMetric(ours.ratio(publish, 50), "p50-x-publish")
	b.ReportMetric(ours.ratio(publish, 99), "p99-x-publish")
	b.ReportMetric(float64(ours.lost), "lost")
}

// BenchmarkFanout has 2,000 entries a second of 100 users reach 1,000 viewers: pages and programs of userlog, viewers of a
// plain loop, and of centrifuge. They take turns.
func BenchmarkFanout(b *testing.B) {
	load := burst{Entries: 4000, Users: 100, Rate: 2000}
	all := contenders(b)
	for _, c := range all {
		c.viewers.burst(burst{Entries: 100, Users: 100, Rate: 2000}) // a program is told of nothing before there is something
		c.viewers.join(b, 1000, 100, c.format)
		c.viewers.burst(load) // the first time
	}
	takeTurns(b, all, load)
	pages, loop, centrifuge := all[0].cpu.Seconds(), all[2].cpu.Seconds(), all[3].cpu.Seconds()
	b.ReportMetric(pages/loop, "cpu-x-loop")
	b.ReportMetric(pages/centrifuge, "cpu-x-centrifuge")
}

// BenchmarkOneLog has more and more viewers watch one user, who asks for a page eight times a second. It measures when viewers
// see it and how long the user waits for her page; and next to it when as many viewers of a plain loop see an entry.
func BenchmarkOneLog(b *testing.B) {
	ours, plain := watch(b, "userlog", redistest.Start(b).URL), watch(b, "loop", "")
	const pages, rate = 24, 8
	alone := int64(0)                                                                                                     // the median of the page with one viewer
	django := map[int]time.Duration{100: 9 * time.Millisecond, 1000: 92 * time.Millisecond, 2000: 197 * time.Millisecond} // its p50
	for _, n := range []int{1, 100, 1000, 2000} {
		ours.join(b, n, 1, "")
		plain.join(b, n, 1, "")
		b.Run(fmt.Sprintf("viewers=%d", n), func(b *testing.B) {
			var all, loop seen
			answers := start.Histogram()
			for b.Loop() {
				all.add(ours.during(pages*n, func() {
					for range pages {
						time.Sleep(time.Second / rate)
						began := time.Now()
						ours.server.Get("/page", new(string))
						_ = answers.RecordValue(time.Since(began).Nanoseconds())
					}
				}))
				loop.add(plain.burst(burst{Entries: pages, Users: 1, Rate: rate}))
			}
			if n == 1 {
				alone = answers.ValueAtQuantile(50)
			}
			b.ReportMetric(0, "ns/op")
			report(b, "", all.Histogram)
			b.ReportMetric(float64(all.lost), "lost")
			b.ReportMetric(all.ratio(loop.Histogram, 50), "p50-x-loop")
			b.ReportMetric(all.ratio(loop.Histogram, 99), "p99-x-loop")
			if theirs, ok := django[n]; ok {
				b.ReportMetric(float64(all.ValueAtQuantile(50))/float64(theirs.Nanoseconds()), "p50-x-django")
				b.ReportMetric(float64(all.ValueAtQuantile(99))/float64(theirs.Nanoseconds()), "p99-x-django")
			}
			b.ReportMetric(float64(answers.ValueAtQuantile(50)-alone), "page-added-p50-ns")
		})
	}
}

// BenchmarkBusy has one user do 50 things a second, evenly, while one and then a hundred viewers watch her: programs and pages of
// userlog, viewers of a plain loop, and of centrifuge. They take turns.
func BenchmarkBusy(b *testing.B) {
	load := burst{Entries: 100, Users: 1, Rate: 50}
	all := contenders(b)
	for _, n := range []int{1, 100} {
		for _, c := range all {
			c.viewers.burst(burst{Entries: 1, Users: 1, Rate: 50}) // a program is told of nothing before there is something
			c.viewers.join(b, n, 1, c.format)
			c.viewers.burst(load) // the first time
			c.begin()
		}
		b.Run(fmt.Sprintf("viewers=%d", n), func(b *testing.B) {
			takeTurns(b, all, load)
			b.ReportMetric(all[1].seen.ratio(all[2].seen.Histogram, 50), "p50-x-loop")
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
	for _, kind := range kinds() {
		b.Run(kind.name, func(b *testing.B) {
			server := redistest.Start(b)
			client := server.Client(b)
			connections := func() float64 {
				return float64(strings.Count(client.ClientList(b.Context()).Val(), "\n") - 1) // without ours
			}
			v := watch(b, kind.kind, server.URL)
			v.silent = true
			v.join(b, 1, 1, kind.format) // the feed and its connection begin
			one, connectionsOfOne := v.server.UsageSettled(), connections()
			for _, n := range sizes {
				v.join(b, n, n, kind.format)
				b.Run(fmt.Sprintf("viewers=%d", n), func(b *testing.B) {
					held := v.server.UsageSettled()
					before := v.server.Usage().CPU
					time.Sleep(time.Second)
					cpu := v.server.Usage().CPU - before
					b.ReportMetric(0, "ns/op")
					b.ReportMetric(float64(int64(n)-held.Sockets), "lost")
					b.ReportMetric((float64(held.Memory)-float64(one.Memory))/float64(n-1), "memory-B/viewer")
					b.ReportMetric(float64(held.Goroutines-one.Goroutines)/float64(n-1), "goroutines/viewer")
					b.ReportMetric(connections()-connectionsOfOne, "added-connections")
					b.ReportMetric(100*cpu.Seconds(), "cpu-%")
				})
			}
		})
	}
}

// BenchmarkSlow has one viewer of everyone's log read nothing, among 1,000 viewers at 500 entries a second. It measures what
// the others notice, and when the viewer is gone.
func BenchmarkSlow(b *testing.B) {
	v := watch(b, "userlog", redistest.Start(b).URL)
	v.join(b, 1000, 100, "")
	load := burst{Entries: 500, Users: 100, Rate: 500, Padding: 1000} // which fills buffers sooner
	v.burst(load)                                                     // the first time
	for b.Loop() {
		var without, with seen
		for range 4 {
			without.add(v.burst(load))
		}
		before := v.server.UsageAtRest()
		conn, err := v.dial(url.Values{"everyone": {"1"}})
		if err != nil {
			b.Fatal(err)
		}
		came := time.Now()
		for with.add(v.burst(load)); v.server.Usage().Sockets > before.Sockets && time.Since(came) < time.Minute; {
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
		report(b, "others-", with.Histogram)
		b.ReportMetric(with.ratio(without.Histogram, 99), "others-p99-x-without")
		b.ReportMetric(float64(with.lost), "others-lost")
		b.ReportMetric(gone.Sub(full).Seconds(), "full-sec")
		b.ReportMetric(gone.Sub(came).Seconds(), "stayed-sec")
		b.ReportMetric(float64(v.server.UsageAtRest().Goroutines-before.Goroutines), "goroutines-left")
	}
	b.ReportMetric(0, "ns/op")
}
