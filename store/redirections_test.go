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
	for _, reply := range []string{"MOVED 1 c:1", "ASK 2 c:1", "MOVED 2 :6379", "MOVED 2 ?:6379", "MOVED 2 c", "MOVED 99 c:1"} {
		r.note(errors.New(reply))
	}
	if got := masters(); got != "ac:1b" {
		t.Errorf("the masters are %s, want ac:1b", got)
	}
	r.forget("c:1")
	if got := masters(); got != "aab" {
		t.Errorf("when c does not answer, the masters are %s, want aab", got)
	}
	r.bySlot[0] = redirection{"c:1", time.Now().Add(-2 * topologyInterval)}
	if got := masters(); got != "aab" {
		t.Errorf("later, the masters are %s, want aab", got)
	}
}

// Redis writes an IPv6 address without brackets.
func TestRedirectionsToIPv6(t *testing.T) {
	var r redirections
	for slot, reply := range []string{"MOVED 0 fd01::7d03:6379", "MOVED 1 [fd01::7d03]:6379", "MOVED 2 2001:db8::1:7000", "MOVED 3 redis.example.com:6379"} {
		r.note(errors.New(reply))
		want := []string{"[fd01::7d03]:6379", "[fd01::7d03]:6379", "[2001:db8::1]:7000", "redis.example.com:6379"}[slot]
		masters := make([]*redis.Options, 4)
		for i := range masters {
			masters[i] = &redis.Options{Addr: "a:1"}
		}
		if r.apply(masters); masters[slot].Addr != want {
			t.Errorf("%s leads to %s", reply, masters[slot].Addr)
		}
	}
}
