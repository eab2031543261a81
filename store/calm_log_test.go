package store

import (
	"testing"
	"time"
)

func TestLinesThatAreAlikeAreLoggedOnceInAWhile(t *testing.T) {
	t.Parallel()
	var c calmLog
	now, logged := time.Now(), 0
	for range 45 * 4 { // for 45 s two masters take turns each quarter of a second
		for _, words := range []string{"away", "back"} {
			if c.may(words, now) {
				logged++
			}
		}
		now = now.Add(time.Second / 4)
	}
	if want := 2 * 5; logged != want {
		t.Errorf("%d lines in 45 s, want %d", logged, want)
	}
	for each := (*calmLog)(nil); logged < 2*5+2; logged++ {
		if !each.may("away", now) {
			t.Error("on one server a line is not logged")
		}
	}
}
