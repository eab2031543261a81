package main

import "testing"

func TestLoginFinding(t *testing.T) {
	for _, c := range []struct {
		known, unknown float64
		met            bool
	}{
		{70_000, 70_000, true}, {70_000, 73_000, true}, {73_000, 70_000, true}, {70_000, 74_000, false}, {70_000, 5_000, false},
	} {
		if f := loginFinding(10, c.known, c.unknown); f.met != c.met {
			t.Errorf("%v and %v µs: %+v", c.known, c.unknown, f)
		}
	}
}
