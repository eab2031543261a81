package audit

import (
	"errors"
	"time"
)

// Filter says which records are wanted. An empty field matches every record.
type Filter struct {
	Actor   string
	Subject string
	Action  Action
	From    time.Time // at this time or later
	To      time.Time // before this time
}

// matches reports whether a record is wanted. Names are compared as they are stored.
func (f Filter) matches(r Record) bool {
	return (f.Actor == "" || clean(f.Actor, MaxText) == r.Actor) &&
		(f.Subject == "" || clean(f.Subject, MaxText) == r.Subject) &&
		(f.Action == "" || f.Action == r.Action) &&
		(f.From.IsZero() || !r.Time.Before(f.From)) &&
		(f.To.IsZero() || r.Time.Before(f.To))
}

// ErrTime is the error of [ParseFrom] and [ParseTo].
var ErrTime = errors.New("use a day such as 2026-12-31, in UTC, or a time such as 2026-12-31T23:59:00Z")

// ParseFrom reads the beginning of a period as people type it: a day, in UTC, or a time in RFC 3339.
// Empty text is the zero time.
func ParseFrom(text string) (time.Time, error) {
	at, _, err := parseTime(text)
	return at, err
}

// ParseTo is [ParseFrom] for the end of a period. A day is in the period as a whole.
func ParseTo(text string) (time.Time, error) {
	at, day, err := parseTime(text)
	if day {
		at = at.AddDate(0, 0, 1)
	}
	return at, err
}

func parseTime(text string) (at time.Time, day bool, err error) {
	if text == "" {
		return time.Time{}, false, nil
	}
	if at, err := time.Parse(time.DateOnly, text); err == nil {
		return at, true, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, false, nil
	}
	return time.Time{}, false, ErrTime
}
