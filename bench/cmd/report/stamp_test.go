package main

import (
	"slices"
	"testing"
	"time"
)

func TestStamps(t *testing.T) {
	first, second := stampPath(7, time.Unix(0, 1234567890)), stampPath(8, time.Unix(0, 2234567890))
	want := []stamp{{7, 1234567890}, {8, 2234567890}}
	for name, message := range map[string]string{
		"JSON":  `{"type":"entry","path":"` + first + `","route":"/at/:number"}{"path":"` + second + `"}`,
		"frame": `<tr><td><code dir="ltr">` + second + `</code></td></tr><tr><td><code dir="ltr">` + first + `</code></td></tr>`,
	} {
		if got := stamps([]byte(message)); !slices.Equal(got, want) {
			t.Errorf("%s: %v", name, got)
		}
	}
	for _, message := range []string{"", "/at/", "/at/1", "/at/1/", "/at/x/1", "/at//1"} {
		if got := stamps([]byte(message)); len(got) != 0 {
			t.Errorf("%q: %v", message, got)
		}
	}
}

func TestTally(t *testing.T) {
	tests := []struct {
		numbers                []int
		lost, twice, unordered int
	}{
		{[]int{0, 1, 2, 3}, 0, 0, 0},
		{[]int{0, 1, 3}, 1, 0, 0},
		{nil, 4, 0, 0},
		{[]int{0, 1, 1, 2, 3}, 0, 1, 0},
		{[]int{0, 2, 1, 3}, 0, 0, 1},
		{[]int{0, 1, 2, 3, 0}, 0, 1, 0},
	}
	for _, test := range tests {
		var seen []sight
		for _, n := range test.numbers {
			seen = append(seen, sight{stamp: stamp{number: n}})
		}
		var got tally
		got.add(seen, 4)
		if got.lost != test.lost || got.twice != test.twice || got.unordered != test.unordered || len(got.delays) != len(seen) {
			t.Errorf("%v: %s, %d delays", test.numbers, got.wrong(), len(got.delays))
		}
	}
}

func TestSpectatorsKnowWhatIsOlder(t *testing.T) {
	one := &spectator{seen: []sight{{stamp: stamp{0, 10}}, {stamp: stamp{0, 20}}, {stamp: stamp{1, 21}}}}
	if got := one.since(20); len(got) != 2 || got[0].at != 20 {
		t.Errorf("since 20: %v", got)
	}
	if got := one.since(22); len(got) != 0 {
		t.Errorf("since 22: %v", got)
	}
}
