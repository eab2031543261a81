package auth

import (
	"strconv"
	"testing"
	"time"

	"github.com/go-redis/redis_rate/v10"
)

func TestLocalRateLimit(t *testing.T) {
	t.Parallel()
	limit := redis_rate.PerMinute(5)
	limits := newLocalRateLimit(10)
	now := time.Unix(1, 0)
	want := func(name string, wait time.Duration) {
		t.Helper()
		if got := limits.count(name, limit, now); got != wait {
			t.Errorf("at %s %s has to wait %v, want %v", now.UTC().Format(time.TimeOnly), name, got, wait)
		}
	}
	for range 5 {
		want("ada", 0)
	}
	want("ada", 12*time.Second)
	want("grace", 0)
	now = now.Add(11 * time.Second)
	want("ada", time.Second)
	now = now.Add(time.Second)
	want("ada", 0)
	want("ada", 12*time.Second)
	limits.forget("ada")
	want("ada", 0)
	now = now.Add(time.Hour)
	for range 5 {
		want("ada", 0)
	}
	want("ada", 12*time.Second)
}

func TestLocalRateLimitIsBounded(t *testing.T) {
	t.Parallel()
	limit := redis_rate.PerMinute(1)
	limits := newLocalRateLimit(3)
	now := time.Unix(1, 0)
	limits.count("ada", limit, now)
	for i := range 100 {
		limits.count(strconv.Itoa(i), limit, now)
		if limits.count("ada", limit, now) == 0 { // who goes on trying is not the oldest
			t.Fatalf("ada is forgotten after %d others", i+1)
		}
	}
	if subjects, order := len(limits.subjects), limits.order.Len(); subjects != 3 || order != 3 {
		t.Errorf("%d subjects, %d in order; want 3", subjects, order)
	}
	if limits.count("0", limit, now) != 0 {
		t.Error("a subject counted long ago is still known")
	}
}
