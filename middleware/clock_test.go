package middleware

import (
	"testing"
	"testing/synctest"
	"time"
)

// The clock says what time.Now says, whether it was looked at just now or long ago.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		for _, pause := range []time.Duration{0, time.Millisecond, clockRenewal - 1, clockRenewal, time.Hour} {
			time.Sleep(pause)
			asked, began := time.Now(), c.now()
			if elapsed, now := began.elapsed(); elapsed != 0 || !now.Equal(asked) {
				t.Errorf("after %s: %s elapsed at %s, want 0 at %s", pause, elapsed, now, asked)
			}
			if asked.Sub(*began.base) >= clockRenewal {
				t.Errorf("after %s: the system's clock was looked at %s ago", pause, asked.Sub(*began.base))
			}
			time.Sleep(time.Minute)
			if elapsed, now := began.elapsed(); elapsed != time.Minute || !now.Equal(asked.Add(time.Minute)) {
				t.Errorf("a minute after: %s elapsed at %s", elapsed, now)
			}
		}
	})
}
