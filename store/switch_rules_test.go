package store

import "testing"

// Whatever is switched, a request costs no memory for it.
func TestSwitchesCostARequestNoMemory(t *testing.T) {
	for what, set := range map[string]Switches{
		"none": {}, "off": {NoRecord: true}, "a sample": {Sample: MaxSample}, "patterns": {Ignore: []string{"^/health$", `\.(png|jpg)$`}},
	} {
		r := newRecorder(Options{QueueSize: 1})
		r.switched.rules.Store(newLeaveRules(set))
		e := Entry{Username: "ada", Path: "/health", Kind: KindFetch}
		if n := testing.AllocsPerRun(100, func() { r.record(&e) }); n != 0 {
			t.Errorf("%s: a request allocates %v times", what, n)
		}
		if left := r.snapshot().LeftOut; (left > 0) != (what != "none") {
			t.Errorf("%s: %d requests are left out", what, left)
		}
	}
}
