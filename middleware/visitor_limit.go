package middleware

import (
	"sync"
	"time"
)

// visitorMinutes bounds how many visitors are remembered: as many as begin in an hour.
const visitorMinutes = 60

// visitorLimit limits how many visitors a process begins to record within a minute. It remembers those of this minute and of the last one.
type visitorLimit struct {
	most int

	mu        sync.Mutex
	since     time.Time
	begun     int // within this minute
	now, last map[string]bool
}

func newVisitorLimit(most int) *visitorLimit {
	return &visitorLimit{most: most, now: map[string]bool{}, last: map[string]bool{}}
}

// admits reports whether a visitor is recorded. One who has been stays so while there is less than a minute between two requests.
func (l *visitorLimit) admits(name string, at time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch since := at.Sub(l.since); {
	case since >= 2*time.Minute:
		l.since, l.begun, l.now, l.last = at, 0, map[string]bool{}, map[string]bool{}
	case since >= time.Minute:
		l.since, l.begun, l.now, l.last = at, 0, map[string]bool{}, l.now
	}
	switch {
	case l.now[name]:
		return true
	case len(l.now) >= visitorMinutes*l.most, !l.last[name] && l.begun >= l.most:
		return false
	case !l.last[name]:
		l.begun++
	}
	l.now[name] = true
	return true
}
