package recording

import (
	"encoding/json"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/bench/internal/start"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/embedded"
)

// BenchmarkWriter measures how many entries a second are written, from Record until Redis has confirmed them. Each round is
// followed by one of a bare go-redis pipeline, which sends the same commands with payloads that are ready.
func BenchmarkWriter(b *testing.B) {
	entries := someEntries(20_000, 20)
	b.Run("redis", func(b *testing.B) {
		server := redistest.Start(b)
		logs := start.Store(b, server.URL)
		transactions := encode(b, server.Client(b), logs.KeyPrefix()+"log:", entries)
		bare, ours := measureWriter(b, logs, entries, func() {
			for _, send := range transactions {
				send()
			}
		})
		b.ReportMetric(bare.Seconds()/ours.Seconds(), "x-pipeline")
	})
	b.Run("embedded", func(b *testing.B) {
		logs, err := embedded.Open(start.Quiet())
		measureWriter(b, start.Closed(b, logs, err), entries, func() {})
	})
}

// measureWriter writes the entries and does something else in turns, and returns how long each took.
func measureWriter(b *testing.B, logs *store.Store, entries []store.Entry, do func()) (other, ours time.Duration) {
	rounds := 0
	for b.Loop() {
		rounds++
		ours += write(b, logs, entries, 500)
		began := time.Now()
		do()
		other += time.Since(began)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(rounds*len(entries))/ours.Seconds(), "entries/s")
	return other, ours
}

// someEntries are those of users in turn.
func someEntries(n, users int) []store.Entry {
	entries := make([]store.Entry, n)
	for i := range entries {
		entries[i] = store.Entry{
			Username: "customer-" + strconv.Itoa(i%users), Method: "GET", Path: "/orders/" + strconv.Itoa(i) + "?page=2",
			Route: "/orders/:id", Code: 200, Time: time.Now(), Duration: 3 * time.Millisecond,
		}
	}
	return entries
}

// gathering is how many entries may wait for more: less than a batch for each of three masters.
const gathering = 300

// write records the entries, so many at once that no writer is left without a full batch, and returns how long it took to write
// them. The last ones, which are no full batch, gather for a while: they count as the others.
func write(b *testing.B, logs *store.Store, entries []store.Entry, atOnce uint64) time.Duration {
	b.Helper()
	want, began := logs.Stats().Written+uint64(len(entries)), time.Now()
	for burst := range slices.Chunk(entries, int(atOnce)) {
		start.Await(logs, atOnce)
		for _, e := range burst {
			logs.Record(e)
		}
	}
	start.Await(logs, gathering)
	left := min(logs.Stats().Queued, gathering)
	took := time.Since(began) * time.Duration(len(entries)) / time.Duration(len(entries)-int(left))
	start.Await(logs, 0)
	if stats := logs.Stats(); stats.Written != want {
		b.Fatalf("not everything was written: %+v", stats)
	}
	return took
}

// encode returns transactions of 100 entries, which is the recorder's largest batch: one LPUSH, LTRIM and PEXPIRE for each
// user, and one PUBLISH for each entry.
func encode(b *testing.B, client *redis.Client, prefix string, entries []store.Entry) (send []func()) {
	b.Helper()
	for batch := range slices.Chunk(entries, 100) {
		lines := map[string][]any{}
		for _, e := range batch {
			e.ID = "benchmarkxxx-" + e.Path[len(e.Path)-3:] // as long as a real one
			line, err := json.Marshal(e)
			if err != nil {
				b.Fatal(err)
			}
			lines[prefix+e.Username] = append(lines[prefix+e.Username], string(line))
		}
		send = append(send, func() {
			ctx, pipe := b.Context(), client.TxPipeline()
			for key, pushed := range lines {
				pipe.LPush(ctx, key, pushed...)
				pipe.LTrim(ctx, key, 0, store.DefaultMaxEntries-1)
				pipe.PExpire(ctx, key, store.DefaultRetention)
				for _, line := range pushed {
					pipe.Publish(ctx, key, line)
				}
			}
			if _, err := pipe.Exec(ctx); err != nil {
				b.Fatal(err)
			}
		})
	}
	return send
}
