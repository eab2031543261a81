package feed

import (
	"maps"
	"slices"
	"testing"
)

func TestWhatANodeSaysOfItsSlots(t *testing.T) {
	t.Parallel()
	const other = "e7d1 127.0.0.1:30002@31002 master - 0 1 2 connected 5461-10922\n"
	for _, test := range []struct {
		name          string
		nodes         string
		known         bool
		slots, moving []uint16
	}{
		{"a master", other + "07c3 127.0.0.1:30004@31004,host myself,master - 0 0 4 connected 0-2 7\n", true, []uint16{0, 1, 2, 7}, nil},
		{"slots on their way", "07c3 :30004@31004 myself,master - 0 0 4 connected 5-6 [5->-e7d1] [9-<-e7d1]\n" + other, true, []uint16{5, 6}, []uint16{5}},
		{"a replica", other + "07c3 127.0.0.1:30004@31004 myself,slave e7d1 0 0 4 connected\n", true, nil, nil},
		{"a master without slots", "07c3 127.0.0.1:30004@31004 myself,master - 0 0 4 connected\n", true, nil, nil},
		{"others only", other, false, nil, nil},
		{"nothing", "", false, nil, nil},
		{"no list of nodes", "myself master\n", false, nil, nil},
		{"no numbers", "07c3 127.0.0.1:30004@31004 myself,master - 0 0 4 connected x 1-y 99999\n", true, nil, nil},
	} {
		h := parseHolding(test.nodes)
		if (h != nil) != test.known {
			t.Errorf("%s: known: %v", test.name, h != nil)
			continue
		}
		if h == nil {
			continue
		}
		if got := slices.Sorted(maps.Keys(h.slots)); !slices.Equal(got, test.slots) {
			t.Errorf("%s: slots %v", test.name, got)
		}
		if got := slices.Sorted(maps.Keys(h.moving)); !slices.Equal(got, test.moving) {
			t.Errorf("%s: on their way: %v", test.name, got)
		}
	}
}
