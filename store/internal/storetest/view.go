package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// View is what one viewer has been told so far.
type View struct {
	Updates *store.Subscription
	Entries []*store.Entry
	Gaps    int
	Lost    int // updates with the state Lost
	State   store.State

	t *testing.T
}

// Watch subscribes to a user's log, or to everyone's where username is "".
func Watch(t *testing.T, logs *store.Store, username, after string) *View {
	t.Helper()
	var s *store.Subscription
	var err error
	if username == "" {
		s, err = logs.SubscribeEveryone(after)
	} else {
		s, err = logs.Subscribe(username, after)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return &View{Updates: s, t: t}
}

// Next waits for the next update.
func (v *View) Next() store.Update {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	u, err := v.Updates.Next(ctx)
	if err != nil {
		v.t.Fatalf("after %d entries: %v", len(v.Entries), err)
	}
	v.Entries = append(v.Entries, u.Entries...)
	v.State = u.State
	if u.Gap {
		v.Gaps++
	}
	if u.State == store.Lost {
		v.Lost++
	}
	return u
}

// Until takes updates until something holds.
func (v *View) Until(holds func() bool) {
	v.t.Helper()
	for !holds() {
		v.Next()
	}
}

// Live takes updates until the log is live, be it by lists, and n entries have been seen in all.
func (v *View) Live(n int) {
	v.t.Helper()
	v.Until(func() bool { return (v.State == store.Live || v.State == store.Unpublished) && len(v.Entries) >= n })
}

// Shows checks the entries seen so far, and that there was no gap.
func (v *View) Shows(want string) {
	v.t.Helper()
	if got := v.Paths(); got != want || v.Gaps != 0 {
		from := max(0, firstDifference(got, want)-shownBefore)
		v.t.Errorf("shown, with %d gaps, from byte %d: %.*s\nwant: %.*s", v.Gaps, from, shownInAll, got[min(from, len(got)):], shownInAll, want[min(from, len(want)):])
	}
}

// How much of what was seen, and was to be seen, a failed test shows.
const (
	shownBefore = 40 // bytes before the first difference
	shownInAll  = 200
)

// firstDifference is the first byte in which two strings differ, or the length of the shorter one.
func firstDifference(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// Paths are the paths of the entries seen so far.
func (v *View) Paths() string {
	all := make([]store.Entry, 0, len(v.Entries))
	for _, e := range v.Entries {
		all = append(all, *e)
	}
	return Paths(all)
}
