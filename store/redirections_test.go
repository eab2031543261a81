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
