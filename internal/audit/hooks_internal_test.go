package audit

import (
	"context"
	"time"
)

// Patient has the log wait for Redis for as long as a busy machine may need, and returns it.
func (l *Log) Patient() *Log {
	l.appendTimeout, l.readTimeout = time.Minute, time.Minute
	return l
}

// Patient has the roster wait for as long, and returns it.
func (r *Roster) Patient() *Roster {
	r.timeout = time.Minute
	return r
}

// Sweep is what happens every five seconds.
func (v *Viewings) Sweep(ctx context.Context) error { return v.sweep(ctx) }
