package store

import (
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// redirections are what shards have said about slots that they no longer have. A shard that had the slot knows where it is now. Other
// nodes may not have heard yet.
type redirections struct {
	mu     sync.Mutex
	bySlot map[int]redirection
}

// redirection is where a slot is now.
type redirection struct {
	address string
	at      time.Time
}

// note notes a reply such as "MOVED 3999 127.0.0.1:6381". Other replies say nothing.
func (r *redirections) note(reply error) {
	fields := strings.Fields(reply.Error())
	if len(fields) != 3 || fields[0] != "MOVED" {
		return
	}
	slot, err := strconv.Atoi(fields[1])
	address := addressIn(fields[2])
	if err != nil || address == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.bySlot == nil {
		r.bySlot = make(map[int]redirection)
	}
	r.bySlot[slot] = redirection{address, time.Now()}
}

// addressIn is the address in such a reply, which has an IPv6 address without brackets. It is "" where the reply has no host.
func addressIn(said string) string {
	colon := strings.LastIndexByte(said, ':')
	if colon < 1 || said[:colon] == "?" {
		return ""
	}
	return net.JoinHostPort(strings.Trim(said[:colon], "[]"), said[colon+1:])
}

// forget forgets what leads to a node that does not answer: its replica may have taken over.
func (r *redirections) forget(address string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for slot, to := range r.bySlot {
		if to.address == address {
			delete(r.bySlot, slot)
		}
	}
}

// apply corrects the masters of slots. A redirection of a while ago is known to all nodes by now.
func (r *redirections) apply(masters []*redis.Options) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for slot, to := range r.bySlot {
		switch {
		case time.Since(to.at) > topologyInterval:
			delete(r.bySlot, slot)
		case slot < len(masters) && masters[slot].Addr != to.address:
			elsewhere := *masters[slot] // nodes differ by their addresses only
			elsewhere.Addr = to.address
			masters[slot] = &elsewhere
		}
	}
}
