package store

import (
	"sync"
	"time"
)

// Minute counts the requests of one minute.
type Minute struct {
	Requests     uint32
	ClientErrors uint32 // of those, failed for another reason: with a status from 400 to 499, or a problem
	ServerErrors uint32 // of those, failed by the site's fault: see [Entry.ServerFailed]
}

// minutesKept is how many minutes are counted, the current one included.
const minutesKept = 60

// traffic counts the requests that a process records by the minute in which they were finished. It
// may be used by several goroutines.
type traffic struct {
	mu      sync.Mutex
	minutes [minutesKept]Minute // by minute modulo minutesKept
	current int64               // the newest of them, in minutes since 1970
}

func minuteOf(t time.Time) int64 { return t.Unix() / 60 }

// add counts an entry. One from before the last hour is too old to be counted, and one from the
// future is counted now.
func (t *traffic) add(e *Entry, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.advance(minuteOf(now))
	minute := min(minuteOf(e.Time), t.current)
	if t.current-minute >= minutesKept {
		return
	}
	m := &t.minutes[minute%minutesKept]
	m.Requests++
	switch {
	case e.ServerFailed():
		m.ServerErrors++
	case e.Failed():
		m.ClientErrors++
	}
}

// advance begins a new minute, if it is time. A clock that was set back changes nothing.
func (t *traffic) advance(minute int64) {
	if minute-t.current >= minutesKept {
		t.minutes, t.current = [minutesKept]Minute{}, minute
	}
	for t.current < minute {
		t.current++
		t.minutes[t.current%minutesKept] = Minute{}
	}
}

// minutesJSON is the JSON form of traffic: the counts of the last minutes, oldest first, without those
// at the beginning in which there was nothing.
type minutesJSON struct {
	Second       int      `json:"second"` // of the last minute, in which the report was made
	Requests     []uint32 `json:"requests"`
	ClientErrors []uint32 `json:"client_errors"`
	ServerErrors []uint32 `json:"server_errors"`
}

// line returns what is reported at a moment, or nil if there is nothing to report.
func (t *traffic) line(now time.Time) *minutesJSON {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.advance(minuteOf(now))
	line := &minutesJSON{Second: int(now.Unix() % 60)}
	for ago := int64(minutesKept - 1); ago >= 0; ago-- {
		m := t.minutes[(t.current-ago)%minutesKept]
		if m == (Minute{}) && len(line.Requests) == 0 {
			continue
		}
		line.Requests = append(line.Requests, m.Requests)
		line.ClientErrors = append(line.ClientErrors, m.ClientErrors)
		line.ServerErrors = append(line.ServerErrors, m.ServerErrors)
	}
	if len(line.Requests) == 0 {
		return nil
	}
	return line
}

// hour returns the last hour, oldest minute first, as it is seen when the report has this age. Minutes that a
// malformed line does not have in all three lists count nothing.
func (l *minutesJSON) hour(age time.Duration) (hour [minutesKept]Minute) {
	if l == nil {
		return hour
	}
	passed := (min(max(l.Second, 0), 59) + int(age/time.Second)) / 60
	for i, requests := range l.Requests {
		at := minutesKept - passed - len(l.Requests) + i
		if at < 0 || at >= minutesKept || i >= len(l.ClientErrors) || i >= len(l.ServerErrors) {
			continue
		}
		hour[at] = Minute{Requests: requests, ClientErrors: l.ClientErrors[i], ServerErrors: l.ServerErrors[i]}
	}
	return hour
}
