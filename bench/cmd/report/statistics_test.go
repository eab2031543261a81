package main

import (
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	if got := median([]float64{9, 1, 3}); got != 3 {
		t.Errorf("of three: got %v", got)
	}
	if got := median([]float64{9, 1, 3, 5}); got != 4 {
		t.Errorf("of four: got %v", got)
	}
}

func TestPercentile(t *testing.T) {
	durations := make([]time.Duration, 200)
	for i := range durations {
		durations[i] = time.Duration(200 - i)
	}
	for p, want := range map[float64]time.Duration{0: 1, 50: 100, 99: 198, 100: 200} {
		if got := percentile(durations, p); got != want {
			t.Errorf("%v %%: got %d, want %d", p, got, want)
		}
	}
}
