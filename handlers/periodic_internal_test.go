package handlers

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A caller who comes while the first question is under way gets its answer, and not nothing. Later ones take what is known.
func TestTheFirstAnswerIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, err := 0, error(nil)
		p := periodic[int]{interval: time.Minute, ask: func(context.Context) (int, error) {
			time.Sleep(time.Millisecond)
			n++
			return n, err
		}}
		answers := make(chan int, 2)
		for range cap(answers) {
			go func() { answers <- p.now(t.Context()) }()
		}
		if a, b := <-answers, <-answers; a != 1 || b != 1 {
			t.Errorf("the first two are told %d and %d", a, b)
		}
		time.Sleep(time.Minute)
		go p.now(t.Context())
		synctest.Wait()
		if got := p.now(t.Context()); got != 1 {
			t.Errorf("while it is asked again, %d is told", got)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		err = errors.New("away")
		if got := p.now(t.Context()); got != 2 {
			t.Errorf("without an answer, %d is told", got)
		}
	})
}

// An answer that may not hold for ever is forgotten where no other follows. From then on nothing is known, until there is one.
func TestAnAnswerHoldsNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := error(nil)
		p := periodic[int]{interval: time.Second, holds: 3 * time.Second, ask: func(context.Context) (int, error) { return 7, err }}
		wants := func(when string, answer int, known bool) {
			t.Helper()
			if got, ok := p.known(t.Context()); got != answer || ok != known {
				t.Errorf("%s: %d, %v", when, got, ok)
			}
		}
		wants("at first", 7, true)
		err = errors.New("away")
		time.Sleep(2 * time.Second)
		wants("two seconds later", 7, true)
		time.Sleep(time.Second)
		wants("three seconds later", 0, false)
		wants("a moment later", 0, false)
		err = nil
		time.Sleep(time.Second)
		wants("when there is an answer again", 7, true)
		p.holds, err = 0, errors.New("away")
		time.Sleep(time.Hour)
		wants("where it holds for ever", 7, true)
	})
}

// A Redis that takes longer than pages wait is heard all the same, from time to time.
func TestASlowAnswerIsWaitedForOnceTheLastIsOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		p := periodic[int]{interval: time.Second, patient: true, ask: func(ctx context.Context) (int, error) {
			n++
			answer := n
			select {
			case <-time.After(faultTimeout + time.Millisecond):
				return answer, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}}
		for i, want := range []int{1, 1, 1, 4, 4} {
			if got := p.now(t.Context()); got != want {
				t.Errorf("question %d: %d", i+1, got)
			}
			time.Sleep(p.interval)
		}
	})
}
