package store

import "testing"

func TestEntriesLostToAPanicOfTheHostHaveAReasonOfTheirOwn(t *testing.T) {
	r := &recorder{queue: newQueue(10), intake: true}
	r.hostPanicked()
	if got, want := r.snapshot(), (Stats{Accepted: 1, Dropped: Dropped{HostPanic: 1}}); got != want || got.Dropped.Total() != 1 {
		t.Errorf("stats: %+v", got)
	}
}

func TestWhatIsGivenUpStaysSettled(t *testing.T) {
	r := &recorder{queue: newQueue(10), given: make(chan struct{}), intake: true}
	r.switched.known.Store(true)
	for range 3 {
		r.record(&Entry{Username: "ada"})
	}
	section := r.only()
	r.take(section, nil)
	r.record(&Entry{Username: "ada"})
	if !r.send(r.only(), make([]Entry, 2)) {
		t.Fatal("what is not given up can't be sent")
	}
	if lost := r.abandon(); lost != 4 {
		t.Errorf("%d given up, want 4", lost)
	}
	want := Stats{Accepted: 4, Indeterminate: 2, Dropped: Dropped{Closed: 2}}
	if got := r.snapshot(); got != want {
		t.Errorf("given up: %+v", got)
	}
	if n := r.waiting(section); n > 0 { // or else its writer would never end
		t.Errorf("%d entries wait that have been given up", n)
	}
	r.settle(r.only(), settlement{written: 2}) // the answer came, too late
	if r.send(r.only(), make([]Entry, 1)) {
		t.Error("what is given up is sent all the same")
	}
	if got := r.snapshot(); got != want {
		t.Errorf("after a late answer: %+v", got)
	}
}
