package views

import "time"

// span writes how long something has lasted, in the largest unit of which there is one: 12 s, 3 min,
// 2 h. What is below a unit is left out, not rounded up.
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

// spanKeys is every key that span may ask for, for the check that the catalogues are complete.
func spanKeys() []string { return []string{"span.seconds", "span.minutes", "span.hours"} }
