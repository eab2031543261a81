package store

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestRedirectionsAreFollowed(t *testing.T) {
	var r redirections
	masters := func() (addresses string) {
		all := []*redis.Options{{Addr: "a", Username: "u"}, {Addr: "a"}, {Addr: "b"}}
		r.apply(all)
		for _, m := range all {
			addresses += m.Addr
		}
		return addresses
	}
	for _, reply := range []string{"MOVED 1 c", "ASK 2 c", "MOVED 2 :6379", "MOVED 99 c"} {
		r.note(errors.New(reply))
	}
	if got := masters(); got != "acb" {
		t.Errorf("the masters are %s, want acb", got)
	}
	r.forget("c")
	if got := masters(); got != "aab" {
		t.Errorf("when c does not answer, the masters are %s, want aab", got)
	}
	r.bySlot[0] = redirection{"c", time.Now().Add(-2 * topologyInterval)}
	if got := masters(); got != "aab" {
		t.Errorf("later, the masters are %s, want aab", got)
	}
}

func TestWhatAnotherServerLacksIsKnown(t *testing.T) {
	now := time.Now()
	c := &confirmed{}
	for i, step := range []struct {
		counted float64
		entries int
		after   time.Duration
		want    uint64
	}{
		{3, 3, 0, 0},
		{10, 7, time.Second, 0},
		{6, 2, time.Second, 6},  // it had 4 of 10
		{20, 1, time.Second, 0}, // a transaction in doubt has arrived after all
		{22, 2, time.Second, 0},
		{1, 1, heartbeatKept, 0}, // the count has expired
	} {
		now = now.Add(step.after)
		if got := c.missing(step.counted, step.entries, now); got != step.want {
			t.Errorf("step %d: %d are missing, want %d", i, got, step.want)
		}
	}
}
