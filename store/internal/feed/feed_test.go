package feed

import (
	"context"
	"testing"
	"time"
)

// A viewer who joins waits for no tick: here the first one never comes.
func TestJoinWaitsForNoTick(t *testing.T) {
	t.Parallel()
	f := New(onRedis(t))
	f.tick = 24 * time.Hour
	defer f.Close()
	s, err := f.Subscribe("ada", "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if u, err := s.Next(ctx); err != nil || u.State != Live {
		t.Errorf("the first update: %+v, %v", u, err)
	}
}
