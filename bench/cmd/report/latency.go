package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// What the latency is measured with: 25,000 requests to the recording application in each of four
// cases.
const (
	latencyRate   = 2000
	latencyPairs  = 5
	latencyWindow = 2500 * time.Millisecond
	warmUp        = time.Second
	mostAdded     = 50 * time.Microsecond // at the 99th percentile
)

// trouble is what happens to Redis while the application goes on.
type trouble struct {
	name  string
	begin func(*redisServer) error // nil for a blackhole, which was never a Redis
}

// measureLatency compares latencies of the same application without and with Track, in windows that
// take turns, whatever Redis does.
func measureLatency(ctx context.Context, l lab) ([]finding, error) {
	var findings []finding
	for _, t := range []trouble{
		{"up", func(*redisServer) error { return nil }},
		{"refused", func(s *redisServer) error { s.kill(); return nil }},
		{"stopped (SIGSTOP)", (*redisServer).pause},
		{"a blackhole", nil},
	} {
		fmt.Fprintf(l.progress, "  with Redis %s\n", t.name)
		off, on, err := t.compare(ctx, l)
		if err != nil {
			return nil, fmt.Errorf("with Redis %s: %w", t.name, err)
		}
		findings = append(findings, t.finding(off, on))
	}
	return findings, nil
}

// compare returns the latencies of each window.
func (t trouble) compare(ctx context.Context, l lab) (off, on [][]time.Duration, err error) {
	url, begin, end, err := t.redis(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer end()
	p, err := startPair(url, 0)
	if err != nil {
		return nil, nil, err
	}
	defer p.stop()
	for _, a := range []*application{p.off, p.on} {
		if _, err := (load{latencyRate, l.lasting(warmUp)}).run(ctx, a.address); err != nil {
			return nil, nil, err
		}
	}
	if err := begin(); err != nil {
		return nil, nil, err
	}
	return windows(ctx, load{latencyRate, l.lasting(latencyWindow)}, p, latencyPairs)
}

// redis starts what the application records to; begin makes the trouble begin.
func (t trouble) redis(ctx context.Context) (url string, begin func() error, end func(), err error) {
	if t.begin == nil {
		url, end, err := blackhole()
		return url, func() error { return nil }, end, err
	}
	server, err := startRedis(ctx)
	if err != nil {
		return "", nil, nil, err
	}
	return server.url, func() error { return t.begin(server) }, server.stop, nil
}

// windows sends the load to both applications in turns.
func windows(ctx context.Context, each load, p pair, pairs int) (off, on [][]time.Duration, err error) {
	into := func(windows *[][]time.Duration) func(*application) error {
		return func(a *application) error {
			latencies, err := each.run(ctx, a.address)
			*windows = append(*windows, latencies)
			return err
		}
	}
	for round := range pairs {
		if err := p.inTurns(round, into(&off), into(&on)); err != nil {
			return nil, nil, err
		}
	}
	return off, on, nil
}

// finding compares the windows: what Track adds is the median of the differences of neighbours.
func (t trouble) finding(off, on [][]time.Duration) finding {
	var added []float64
	for i := range off {
		added = append(added, microseconds(percentile(on[i], 99)-percentile(off[i], 99)))
	}
	without, with := slices.Concat(off...), slices.Concat(on...)
	return finding{
		what: fmt.Sprintf("host latency at %d requests/s, Redis %s", latencyRate, t.name),
		must: "added p99 ≤ 50 µs; no answer changed",
		measured: fmt.Sprintf("added p99 %+.0f µs (%+.0f to %+.0f); p50 %.0f → %.0f µs, p99 %.0f → %.0f µs, max %.1f → %.1f ms; %d answers unchanged",
			median(added), slices.Min(added), slices.Max(added),
			microseconds(percentile(without, 50)), microseconds(percentile(with, 50)),
			microseconds(percentile(without, 99)), microseconds(percentile(with, 99)),
			microseconds(slices.Max(without))/1000, microseconds(slices.Max(with))/1000, len(with)),
		met: median(added) <= microseconds(mostAdded),
	}
}
