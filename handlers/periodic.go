package handlers

import (
	"context"
	"sync"
	"time"
)

// periodic is a question that Redis is asked again and again, for pages that refresh themselves. For example: which switches are set? Its
// methods may be called from several goroutines.
type periodic[T any] struct {
	interval time.Duration // between two questions
	ask      func(ctx context.Context) (T, error)

	mu     sync.Mutex
	asked  time.Time
	asking chan struct{} // closed at the end of the last question that has begun
	known  bool
	answer T
}

// now returns the answer. When the answer is older than the interval, one caller asks again, and waits for faultTimeout at most.
// Meanwhile others take the last answer. Only if there is none yet, they wait, too. If the question fails, the last answer still holds.
func (p *periodic[T]) now(ctx context.Context) T {
	p.mu.Lock()
	due, known, asking := time.Since(p.asked) >= p.interval, p.known, p.asking
	if due {
		asking = make(chan struct{})
		p.asked, p.asking = time.Now(), asking
	}
	p.mu.Unlock()
	switch {
	case due:
		p.renew(ctx, asking)
	case !known:
		<-asking // which takes a moment
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.answer
}

// renew asks, and says when that is over.
func (p *periodic[T]) renew(ctx context.Context, asking chan struct{}) {
	defer close(asking)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), faultTimeout)
	defer cancel()
	if answer, err := p.ask(ctx); err == nil {
		p.learn(answer)
	}
}

// learn notes an answer.
func (p *periodic[T]) learn(answer T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known, p.answer = true, answer
}
