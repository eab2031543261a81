package store

import (
	"testing"
	"time"
)

// Whatever is switched, a request costs no memory for it.
func TestSwitchesCostARequestNoMemory(t *testing.T) {
	for what, set := range map[string]Switches{
		"none": {}, "off": {NoRecord: true}, "watch-only": {WatchOnly: true}, "a sample": {Sample: MaxSample}, "patterns": {Ignore: []string{"^/health$", `\.(png|jpg)$`}},
	} {
		r := unswitchedRecorder(Options{QueueSize: 1})
		r.switched.rules.Store(newLeaveRules(set, map[string]int64{"bob": 1 << 60}))
		e := Entry{Username: "ada", Path: "/health", Kind: KindFetch}
		if n := testing.AllocsPerRun(100, func() { r.record(&e) }); n != 0 {
			t.Errorf("%s: a request allocates %v times", what, n)
		}
		if left := r.snapshot().LeftOut; (left > 0) != (what != "none") {
			t.Errorf("%s: %d requests are left out", what, left)
		}
	}
}

// A user whose time is over is left out, also where Redis has been away since.
func TestWatchingEndsByItself(t *testing.T) {
	now := time.Now()
	rules := newLeaveRules(Switches{WatchOnly: true}, map[string]int64{"ada": now.Add(time.Hour).UnixMilli(), "bob": now.UnixMilli()})
	for username, want := range map[string]bool{"ada": false, "bob": true, "eve": true} {
		if got := rules.leavesOut(&Entry{Username: username}); got != want {
			t.Errorf("%s is left out: %v", username, got)
		}
	}
}
