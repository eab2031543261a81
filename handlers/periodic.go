package handlers

import (
	"context"
	"sync"
	"time"
)

const (
	// oldAfter is after how many intervals an answer is old.
	oldAfter = 3
	// patientTimeout is how long a patient question is waited for where there is no answer, or an old one.
	patientTimeout = 2 * time.Second
)

// periodic is a question that Redis is asked again and again, for pages that refresh themselves. For example: which switches are set? Its
// methods may be called from several goroutines.
type periodic[T any] struct {
	interval time.Duration // between two questions
	holds    time.Duration // how long an answer holds where no other follows; 0 = for ever
	patient  bool          // may take up to patientTimeout while nothing is known, or what is known is old
	ask      func(ctx context.Context) (T, error)

	mu       sync.Mutex
	asked    time.Time
	asking   chan struct{} // closed at the end of the last question that has begun
	answered time.Time     // zero before the first answer
	answer   T
}

// now is [periodic.known] for those to whom no answer is the same as the zero value.
func (p *periodic[T]) now(ctx context.Context) T {
	answer, _ := p.known(ctx)
	return answer
}

// known returns the answer, and whether there is one. When the answer is older than the interval, one caller asks again, and waits for
// faultTimeout at most. Meanwhile others take the last answer. Only if there is none, or if it is old, they wait, too, and all may wait longer.
// Otherwise a Redis that always takes longer would be heard once. If the question fails, the last answer still holds, for as long as it may.
func (p *periodic[T]) known(ctx context.Context) (answer T, ok bool) {
	p.mu.Lock()
	due, old, asking := time.Since(p.asked) >= p.interval, p.isOld(), p.asking
	if due {
		asking = make(chan struct{})
		p.asked, p.asking = time.Now(), asking
	}
	p.mu.Unlock()
	switch {
	case due:
		p.renew(ctx, old, asking)
	case old:
		<-asking // which takes a moment
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.isKnown() {
		return answer, false
	}
	return p.answer, true
}

// isKnown reports whether there is an answer that holds. The caller holds the lock.
func (p *periodic[T]) isKnown() bool {
	return !p.answered.IsZero() && (p.holds == 0 || time.Since(p.answered) < p.holds)
}

// isOld reports whether there is no answer, or questions have failed since. The caller holds the lock.
func (p *periodic[T]) isOld() bool {
	return !p.isKnown() || time.Since(p.answered) >= oldAfter*p.interval
}

// renew asks, and says when that is over.
func (p *periodic[T]) renew(ctx context.Context, old bool, asking chan struct{}) {
	defer close(asking)
	limit := faultTimeout
	if old && p.patient {
		limit = patientTimeout
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	if answer, err := p.ask(ctx); err == nil {
		p.learn(answer)
	}
}

// learn notes an answer.
func (p *periodic[T]) learn(answer T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answered, p.answer = time.Now(), answer
}
