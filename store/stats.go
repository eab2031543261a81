package store

// Stats are the books of what was recorded since the [Store] was opened. They balance at every
// moment: Accepted = Written + Dropped.Total() + Indeterminate + Queued.
type Stats struct {
	Accepted      uint64 // calls of Record
	Written       uint64 // confirmed by Redis
	Dropped       Dropped
	Indeterminate uint64 // sent, but the answer was lost: Redis has them or not; never sent again
	Queued        uint64 // waiting, or being written at this moment
	Truncated     uint64 // of those accepted, cut to the limits
	Connected     bool   // the last attempt to write went through, or there was none yet
}

// Dropped counts entries that will never be written, by reason.
type Dropped struct {
	QueueFull       uint64 // as many as Options.QueueSize were waiting
	InvalidUsername uint64 // see [CheckUsername]
	Refused         uint64 // Redis refused: a key of that name holds something else
	Closed          uint64 // recorded after Close began, or still queued when Close had to return
}

// Total is the sum over all reasons.
func (d Dropped) Total() uint64 { return d.QueueFull + d.InvalidUsername + d.Refused + d.Closed }
