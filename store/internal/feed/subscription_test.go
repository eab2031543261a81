package feed

import (
	"errors"
	"strconv"
	"testing"
	"time"
)

// A viewer who is told that there is something finds it at every subscription, however many there are.
func TestOneWaiterServesManySubscriptions(t *testing.T) {
	t.Parallel()
	topic := newTopic("ada", Options{MaxEntries: modelList, Retention: time.Hour})
	told := make(chan struct{}, 1)
	subscriptions := make([]*Subscription, 100)
	for i := range subscriptions {
		subscriptions[i] = &Subscription{ready: make(chan struct{}, 1)}
		topic.join(subscriptions[i])
		subscriptions[i].Notify(noting(told))
	}
	topic.goLive(snapshot{reaches: func(*Line) bool { return true }})
	collect := func() (entries int) {
		for _, s := range subscriptions {
			u, _, err := s.Poll()
			if err != nil {
				t.Fatal(err)
			}
			entries += len(u.Lines)
		}
		return entries
	}
	<-told
	collect()
	for n := range 200 {
		received := make(chan struct{})
		go func() {
			defer close(received)
			topic.receive(line(strconv.Itoa(n)))
		}()
		<-told
		if got := collect(); got != len(subscriptions) {
			t.Fatalf("%d of %d subscriptions have the entry", got, len(subscriptions))
		}
		<-received
		drain(told)
	}
}

// noting returns a function that notes in a channel of capacity 1 that it was called.
func noting(c chan<- struct{}) func() {
	return func() {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// drain takes what may be left in a channel of capacity 1.
func drain(c chan struct{}) {
	select {
	case <-c:
	default:
	}
}

func TestNotify(t *testing.T) {
	t.Parallel()
	s := &Subscription{ready: make(chan struct{}, 1), limit: 10}
	told := make(chan struct{}, 1)
	if update, ok, err := s.Poll(); ok || err != nil {
		t.Errorf("before there is something: %+v, %v", update, err)
	}
	s.Notify(noting(told))
	if len(told) != 1 {
		t.Error("who begins to wait is not told that there may be something already")
	}
	drain(told)
	s.push(Live, false, []*Line{line("1")})
	s.announce()
	if update, ok, err := s.Poll(); len(told) != 1 || !ok || err != nil || len(update.Lines) != 1 || update.State != Live {
		t.Errorf("told %d times, %v: %+v, %v", len(told), ok, update, err)
	}
	drain(told)
	if s.announce(); len(told) != 0 {
		t.Error("who waits is told of what was taken already")
	}
	s.Notify(nil)
	s.push(Lost, false, nil)
	if s.announce(); len(told) != 0 {
		t.Error("who does not wait any more is told")
	}
	s.Notify(noting(told))
	drain(told)
	s.fail(ErrClosed)
	if _, ok, err := s.Poll(); len(told) != 1 || ok || !errors.Is(err, ErrClosed) {
		t.Errorf("after the end: told %d times, %v, %v", len(told), ok, err)
	}
}
