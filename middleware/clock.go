package middleware

import (
	"sync/atomic"
	"time"
)

// clockRenewal is how long the time of the wall clock is reckoned on from one look at it.
const clockRenewal = time.Second

// clock tells the time as time.Now does, for half of its cost: that looks at two clocks, and this at one. When the system's
// clock is set, this one follows within clockRenewal.
type clock struct{ last atomic.Pointer[time.Time] }

// moment is a point in time, as so long after another one.
type moment struct {
	base  *time.Time
	after time.Duration
}

func newClock() *clock {
	c, now := new(clock), time.Now()
	c.last.Store(&now)
	return c
}

func (c *clock) now() moment {
	last := c.last.Load()
	if since := time.Since(*last); since < clockRenewal {
		return moment{last, since}
	}
	now := time.Now()
	c.last.Store(&now)
	return moment{&now, 0}
}

// elapsed returns the time since m, and what time it is.
func (m moment) elapsed() (time.Duration, time.Time) {
	since := time.Since(*m.base)
	return since - m.after, m.base.Add(since)
}
