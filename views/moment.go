package views

import "time"

// moment is a time as part_time.html shows it.
type moment struct{ at time.Time }

// Timestamp is the time as relative-time reads it.
func (m moment) Timestamp() string { return timestamp(m.at) }

// UTC is what is shown where there is no script to say it in the reader's way.
func (m moment) UTC() string { return utc(m.at) }
