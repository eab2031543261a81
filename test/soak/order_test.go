package soak

import "testing"

// Only what came late counts as out of order, not what was there before.
func TestOutOfOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		numbers []int
		want    int
	}{
		{nil, 0}, {[]int{1, 2, 5}, 0}, {[]int{5, 6, 7, 1, 2, 8}, 2}, {[]int{3, 2, 1}, 2}, {[]int{1, 1}, 1},
	} {
		if got := outOfOrder(c.numbers); got != c.want {
			t.Errorf("%v: %d, want %d", c.numbers, got, c.want)
		}
	}
}
