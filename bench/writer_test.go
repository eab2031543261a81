package bench

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/embedded"
)

const (
	roundEntries = 20_000 // are written and timed as one
	burstEntries = 500    // are recorded at once; the writer is never left without a full batch
	batchEntries = 100    // of a transaction; the recorder's largest
	writerUsers  = 20     // take turns
)

// BenchmarkWriter measures entries per second from Record until Redis has confirmed them. With a
// real Redis every round is followed by one of a bare go-redis pipeline that sends the same commands
// with payloads made beforehand; ratio is the recorder's share of that pipeline's speed.
func BenchmarkWriter(b *testing.B) {
	entries := someEntries()
	options := store.Options{Logger: slog.New(slog.DiscardHandler)}
	b.Run("redis", func(b *testing.B) {
		server := redistest.Start(b)
		logs := openStore(b, server.URL, options)
		bare := newPipeline(b, server.Client(b), logs.KeyPrefix(), entries)
		var ours, theirs time.Duration
		for b.Loop() {
			ours += write(b, logs, entries)
			theirs += bare.write(b)
		}
		reportRate(b, "entries/s", ours)
		reportRate(b, "pipeline-entries/s", theirs)
		b.ReportMetric(theirs.Seconds()/ours.Seconds(), "ratio")
	})
	b.Run("embedded", func(b *testing.B) {
		logs, err := embedded.Open(options)
		if err != nil {
			b.Fatal(err)
		}
		defer logs.Close(b.Context())
		var took time.Duration
		for b.Loop() {
			took += write(b, logs, entries)
		}
		reportRate(b, "entries/s", took)
	})
}

// reportRate reports entries per second, b.N rounds having taken so long, in place of the time of a
// round, which depends on roundEntries.
func reportRate(b *testing.B, unit string, took time.Duration) {
	b.ReportMetric(roundEntries*float64(b.N)/took.Seconds(), unit)
	b.ReportMetric(0, "ns/op")
}

// someEntries are the entries of one round.
func someEntries() []store.Entry {
	entries := make([]store.Entry, roundEntries)
	for i := range entries {
		entries[i] = store.Entry{
			Username: "customer-" + strconv.Itoa(i%writerUsers),
			Method:   "GET",
			Path:     "/orders/" + strconv.Itoa(i) + "?page=2",
			Route:    "/orders/:id",
			Code:     200,
			Time:     time.Now(),
			Duration: 3 * time.Millisecond,
		}
	}
	return entries
}

// write records the entries and returns how long it took until all were written.
func write(b *testing.B, logs *store.Store, entries []store.Entry) time.Duration {
	b.Helper()
	want := logs.Stats().Written + uint64(len(entries))
	started := time.Now()
	for burst := range slices.Chunk(entries, burstEntries) {
		await(logs, burstEntries)
		for _, e := range burst {
			logs.Record(e)
		}
	}
	stats := await(logs, 0)
	took := time.Since(started)
	if stats.Written != want {
		b.Fatalf("not everything was written: %+v", stats)
	}
	return took
}

// await returns when no more than so many entries are queued.
func await(logs *store.Store, queued uint64) store.Stats {
	for {
		if stats := logs.Stats(); stats.Queued <= queued {
			return stats
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// pipeline writes what a store writes, without being one.
type pipeline struct {
	client  *redis.Client
	batches [][]line
}

// line is an entry as it is sent.
type line struct{ key, channel, payload string }

func newPipeline(b *testing.B, client *redis.Client, prefix string, entries []store.Entry) *pipeline {
	b.Helper()
	p := &pipeline{client: client}
	for i, e := range entries {
		e.ID = "benchmarkxxx-" + strconv.FormatInt(int64(i), 36) // as long as a real one
		payload, err := json.Marshal(e)
		if err != nil {
			b.Fatal(err)
		}
		if i%batchEntries == 0 {
			p.batches = append(p.batches, nil)
		}
		last := len(p.batches) - 1
		p.batches[last] = append(p.batches[last], line{prefix + "log:" + e.Username, prefix + "log:" + e.Username, string(payload)})
	}
	return p
}

// write sends one round and returns how long that took.
func (p *pipeline) write(b *testing.B) time.Duration {
	b.Helper()
	started := time.Now()
	for _, batch := range p.batches {
		if err := p.send(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(started)
}

// send is one transaction: per user one LPUSH, LTRIM and PEXPIRE, and one PUBLISH per entry.
func (p *pipeline) send(ctx context.Context, batch []line) error {
	pipe := p.client.TxPipeline()
	values := make(map[string][]any, writerUsers)
	for _, l := range batch {
		values[l.key] = append(values[l.key], l.payload)
	}
	for key, pushed := range values {
		pipe.LPush(ctx, key, pushed...)
		pipe.LTrim(ctx, key, 0, store.DefaultMaxEntries-1)
		pipe.PExpire(ctx, key, store.DefaultRetention)
	}
	for _, l := range batch {
		pipe.Publish(ctx, l.channel, l.payload)
	}
	_, err := pipe.Exec(ctx)
	return err
}
