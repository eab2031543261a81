package store

// Stats count what became of entries since the [Store] was opened. They balance at every moment:
// Accepted = Written + Dropped.Total() + Indeterminate + Queued.
type Stats struct {
	Accepted      uint64 // calls of Record, without those that are left out
	Written       uint64 // confirmed by Redis
	Undone        uint64 // of those written, gone since another server took over that lacks them, or Redis started from an older file
	Dropped       Dropped
	Indeterminate uint64 // sent, but the answer was lost or not waited for: Redis has them or not; never sent again
	Queued        uint64 // waiting, or being written at this moment
	LeftOut       uint64 // calls of Record besides those accepted: not recorded, because [Switches] say so; counted as accepted until these were read
	Truncated     uint64 // of those accepted, cut to the limits
	IndexRefused  uint64 // transactions that could not add to the user index, since a key of it holds something else
	Connected     bool   // the last attempt to write went through, or there was none yet

	BatchSizes   Histogram // entries per transaction that was written; see [BatchBounds]
	WriteSeconds Histogram // duration of each such transaction; see [WriteBounds]
}

// FeedStats count what became of following logs since the [Store] was opened.
type FeedStats struct {
	Heard    uint64 // entries that arrived for somebody who follows a log
	Lost     uint64 // connections to Redis that broke, or could not be made, while somebody followed a log
	Followed int    // logs that are followed now, everyone's among them
}

// FeedStats returns the counts of what became of following logs through this Store. It does not block.
func (s *Store) FeedStats() FeedStats {
	c := s.feed.Counts()
	return FeedStats{Heard: c.Heard, Lost: c.Lost, Followed: c.Topics}
}

// Dropped counts entries that will never be written, by reason.
type Dropped struct {
	QueueFull       uint64 // as many as Options.QueueSize were waiting
	UserShare       uint64 // an entry came to a full queue, and the user with the most entries, more than a share, lost one
	InvalidUsername uint64 // see [CheckUsername]
	Refused         uint64 // Redis refused: a key of that name holds something else
	HostPanic       uint64 // a function that the application gave to the middleware panicked
	Closed          uint64 // recorded after Close began, or still queued when Close had to return
}

// Total is the sum over all reasons.
func (d Dropped) Total() uint64 {
	return d.QueueFull + d.UserShare + d.InvalidUsername + d.Refused + d.HostPanic + d.Closed
}

// Histogram counts observations by size. Counts[i] is how many were at most the i-th bound and above
// the one before; what is above all bounds is only in Total.
type Histogram struct {
	Counts [12]uint64
	Total  uint64
	Sum    float64
}

// BatchBounds are the bounds of [Stats.BatchSizes], in entries.
func BatchBounds() [12]float64 { return [12]float64{1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 75, 100} }

// WriteBounds are the bounds of [Stats.WriteSeconds], in seconds.
func WriteBounds() [12]float64 {
	return [12]float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5}
}

func (h *Histogram) observe(value float64, bounds [12]float64) {
	h.Total++
	h.Sum += value
	for i, bound := range bounds {
		if value <= bound {
			h.Counts[i]++
			return
		}
	}
}
