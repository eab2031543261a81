package views

import (
	"strings"
	"time"
)

// moment is a time as templates show it.
type moment struct {
	Timestamp string // as the element relative-time reads it
	UTC       string // shown where no script says it in the reader's way
}

func momentOf(t time.Time) moment { return moment{timestamp(t), utc(t)} }

// clock is the time of the day of UTC.
func (m moment) clock() string { _, clock, _ := strings.Cut(m.UTC, " "); return clock }

func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// orNow is t, or now where t is zero.
func orNow(t time.Time) time.Time {
	if t.IsZero() {
		return time.Now()
	}
	return t
}

// span writes how long something has lasted, in the largest unit that fits, rounded down: 12 s, 3 min, 2 h.
func (c *catalogue) span(d time.Duration) (string, error) {
	d = max(d, 0)
	switch {
	case d < time.Minute:
		return c.counted("span.seconds", int(d/time.Second))
	case d < time.Hour:
		return c.counted("span.minutes", int(d/time.Minute))
	}
	return c.counted("span.hours", int(d/time.Hour))
}
