package main

import (
	"context"
	"fmt"
	"time"
)

// benchTime is how long a Go benchmark runs, each of five times.
const benchTime = time.Second

// measureRequest compares what Track adds to a request with what Gin's logger adds. It is judged by
// what happens in the request's own goroutine; what the writer's competition costs is told as well.
func measureRequest(ctx context.Context, l lab) ([]finding, error) {
	results, err := runBenchmark(ctx, l, "Request")
	if err != nil {
		return nil, err
	}
	time := func(variant string) float64 { return results.median("Request/"+variant, "ns/op") }
	allocs := func(variant string) float64 { return results.median("Request/"+variant, "allocs/op") }
	bare := time("bare")
	logger, track, alone, busy := time("logger")-bare, time("track-away")-bare, time("track-discard")-bare, time("track-redis")-bare
	plain, masked := allocs("track-away"), allocs("track-discard-masked")
	return []finding{{
		what: "request path: time that Track adds, next to gin.LoggerWithWriter(io.Discard)",
		must: "≤ 0.15 ×",
		measured: fmt.Sprintf("%.3f × (%.0f ns of %.0f ns); without a store %.3f ×; beside a writer at full speed %.3f ×",
			track/logger, track, logger, alone/logger, busy/logger),
		met: track/logger <= 0.15,
	}, {
		what:     "request path: allocations, without a query and with a masked one",
		must:     "0 and ≤ 1",
		measured: fmt.Sprintf("%.0f and %.0f", plain, masked),
		met:      plain == 0 && masked <= 1,
	}}, nil
}

// measureWriter compares the recorder's speed with that of a bare pipeline.
func measureWriter(ctx context.Context, l lab) ([]finding, error) {
	results, err := runBenchmark(ctx, l, "Writer")
	if err != nil {
		return nil, err
	}
	ratio := results.median("Writer/redis", "ratio")
	return []finding{{
		what: "writer: entries written, next to a bare go-redis pipeline",
		must: "≥ 0.7 ×",
		measured: fmt.Sprintf("%.2f × (%.0f entries/s of %.0f); embedded store %.0f entries/s", ratio,
			results.median("Writer/redis", "entries/s"), results.median("Writer/redis", "pipeline-entries/s"),
			results.median("Writer/embedded", "entries/s")),
		met: ratio >= 0.7,
	}}, nil
}

// measurePages takes the server's time for pages of the admin.
func measurePages(ctx context.Context, l lab) ([]finding, error) {
	results, err := runBenchmark(ctx, l, "Page")
	if err != nil {
		return nil, err
	}
	const millisecond = 1e6
	static, live := results.median("Page/static", "ns/op"), results.median("Page/live", "ns/op")
	home, unchanged := results.median("Page/home", "ns/op"), results.median("Page/unchanged", "ns/op")
	return []finding{{
		what:     "admin: server's time for a page with 25 rows, static and live",
		must:     "≤ 5 ms",
		measured: fmt.Sprintf("%.2f ms and %.2f ms", static/millisecond, live/millisecond),
		met:      static <= 5*millisecond && live <= 5*millisecond,
	}, {
		what:     "admin: server's time for the home page with 20 users, whose logs are looked through for hints",
		must:     "(to be known)",
		measured: fmt.Sprintf("%.2f ms", home/millisecond),
		met:      true,
	}, {
		what:     "admin: server's time for a 304",
		must:     "≤ 1 ms",
		measured: fmt.Sprintf("%.2f ms", unchanged/millisecond),
		met:      unchanged <= millisecond,
	}}, nil
}

// measureWeight adds up what a browser loads for a live page that it has never seen.
func measureWeight(ctx context.Context, l lab) ([]finding, error) {
	results, err := runBenchmark(ctx, l, "Weight")
	if err != nil {
		return nil, err
	}
	sent, plain := results.median("Weight", "bytes"), results.median("Weight", "plain-bytes")
	return []finding{{
		what:     "live page: HTML, CSS and JavaScript, compressed",
		must:     "≤ 50 KB",
		measured: fmt.Sprintf("%.1f KB (%.1f KB uncompressed)", sent/1000, plain/1000),
		met:      sent > 0 && sent <= 50_000,
	}}, nil
}
