package store_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

// How a flood is measured.
const (
	floodRate   = 3000 // entries of one user, in a second
	floodProbes = 50   // entries of another one
)

// BenchmarkFlood measures how long an entry takes from Record until a subscriber of its channel has it, in turns alone and
// while another user makes 3,000 requests a second.
func BenchmarkFlood(b *testing.B) {
	server := redistest.Start(b)
	logs, err := store.New(server.Client(b), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer logs.Close(b.Context())
	heard := server.Client(b).Subscribe(b.Context(), storetest.Keys(logs).LogChannel("ada"))
	defer heard.Close()
	if _, err := heard.Receive(b.Context()); err != nil {
		b.Fatal(err)
	}
	arrived := heard.Channel(redis.WithChannelSize(floodProbes))
	var quiet, flooded []time.Duration
	for b.Loop() {
		quiet = append(quiet, probe(logs, arrived)...)
		stop := flood(logs)
		flooded = append(flooded, probe(logs, arrived)...)
		stop()
	}
	for name, latencies := range map[string][]time.Duration{"quiet": quiet, "flood": flooded} {
		slices.Sort(latencies)
		n := len(latencies)
		b.ReportMetric(latencies[n/2].Seconds()*1e3, name+"-p50-ms")
		b.ReportMetric(latencies[n*99/100].Seconds()*1e3, name+"-p99-ms")
	}
	dropped := logs.Stats().Dropped
	b.ReportMetric(float64(dropped.QueueFull), "queue-full")
	b.ReportMetric(float64(dropped.UserShare), "user-share")
}

// probe records entries, one after another, for a second, and returns how long each took.
func probe(logs *store.Store, arrived <-chan *redis.Message) []time.Duration {
	latencies := make([]time.Duration, floodProbes)
	for i := range latencies {
		recorded := time.Now()
		logs.Record(storetest.Entry("ada", i))
		<-arrived
		latencies[i] = time.Since(recorded)
		time.Sleep(time.Second/floodProbes - latencies[i])
	}
	return latencies
}

// flood records entries of another user until it is stopped.
func flood(logs *store.Store) (stop func()) {
	stopping, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		began, n := time.Now(), 0
		for tick := time.NewTicker(time.Millisecond); ; {
			select {
			case <-tick.C:
				for ; n < int(time.Since(began).Seconds()*floodRate); n++ {
					logs.Record(store.Entry{Username: "flood", Path: "/" + strconv.Itoa(n), Kind: store.KindFetch, Code: 200, From: "/"})
				}
			case <-stopping:
				tick.Stop()
				return
			}
		}
	}()
	return func() { close(stopping); <-stopped }
}
