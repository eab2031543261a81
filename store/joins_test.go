package store

import "testing"

// While somebody else logs in, recording a request costs a look at who waits, and no memory.
func TestOthersDoNotWaitForAJoin(t *testing.T) {
	j, login := newJoins(), Entry{Username: "ada"}
	if got := j.begin(VisitorName("hers"), &login); got != joinsNow {
		t.Fatalf("it is %v", got)
	}
	e := Entry{Username: "bob", Path: "/"}
	if n := testing.AllocsPerRun(100, func() {
		if j.hold(&e) {
			t.Error("bob waits")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	for n := range maxHeld + 1 {
		if held := j.hold(&Entry{Username: "ada"}); held != (n < maxHeld) {
			t.Fatalf("request %d waits: %t", n, held)
		}
	}
	if waiting := j.next("ada"); len(waiting) != maxHeld || waiting[0].Time.IsZero() {
		t.Errorf("%d wait", len(waiting))
	}
	if waiting := j.next("ada"); len(waiting) != 0 || j.hold(&login) || j.active.Load() != 0 {
		t.Errorf("%d wait, and ada still does", len(waiting))
	}
}
