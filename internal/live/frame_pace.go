package live

import (
	"runtime"
	"sync"
	"time"
)

// How fast messages leave.
const (
	// maxGather is how long entries gather at most before they are sent.
	maxGather = 100 * time.Millisecond
	// perSecond is how many messages a second leave at once, for each processor. One takes 10 to 20 µs.
	perSecond = 3000
	// allowed is how much of that may leave together after a quiet while.
	allowed = 50 * time.Millisecond
	// rounds is for how long entries gather after a round in which viewers were served: this many times the time that the round took,
	// and afterRound at most. Meanwhile most viewers take what they were sent. On a busy machine a round takes longer.
	rounds     = 2
	afterRound = 10 * time.Millisecond
)

// pace limits how much of the machine it takes to send messages to all viewers. Up to a certain rate of messages, each entry is
// sent at once. Above the rate entries gather, so that one frame has several of them.
type pace struct {
	each time.Duration // from one message to the next, at the rate

	mu    sync.Mutex
	spent time.Time // when the last of the messages so far would leave, if they left exactly at the rate
}

func newPace() *pace {
	return &pace{each: time.Second / time.Duration(perSecond*runtime.GOMAXPROCS(0))}
}

// gather returns for how long entries gather after a round that began at a time, took so long, and sent so many messages.
func (p *pace) gather(began time.Time, took time.Duration, messages int) time.Duration {
	if messages == 0 {
		return 0
	}
	return min(maxGather, max(min(rounds*took, afterRound), p.spend(began, messages)))
}

// spend counts messages that have been sent. It returns for how long nothing more should be sent, at the rate.
func (p *pace) spend(now time.Time, messages int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.spent.Before(now) {
		p.spent = now
	}
	p.spent = p.spent.Add(time.Duration(messages) * p.each)
	if latest := now.Add(allowed + maxGather); p.spent.After(latest) {
		p.spent = latest
	}
	return max(0, p.spent.Sub(now)-allowed)
}
