package main

import (
	"math"
	"strings"
	"testing"
)

func TestParseBenchmarks(t *testing.T) {
	results := parseBenchmarks(strings.Join([]string{
		"goos: linux",
		"BenchmarkRequest/track-redis-2   	  645354	       927.0 ns/op	      42 B/op	       3 allocs/op",
		"BenchmarkRequest/track-redis-2   	  645354	       900 ns/op	      42 B/op	       5 allocs/op",
		"BenchmarkRequest/track-redis-masked   	  1	       1 ns/op",
		"BenchmarkBroken",
		"ok  	github.com/gin-userlog/userlog/bench	8.282s",
	}, "\n"))
	for _, c := range []struct {
		name, unit string
		want       float64
	}{
		{"Request/track-redis", "ns/op", 913.5},
		{"Request/track-redis", "allocs/op", 4},
		{"Request/track-redis-masked", "ns/op", 1},
	} {
		if got := results.median(c.name, c.unit); got != c.want {
			t.Errorf("%s: got %v %s, want %v", c.name, got, c.unit, c.want)
		}
	}
	if got := results.median("Request/bare", "ns/op"); !math.IsNaN(got) {
		t.Errorf("a benchmark that did not run: got %v, want NaN", got)
	}
}
