package feed

import "sync/atomic"

// counts are what [Feed.Counts] tells. The feed's goroutine changes them.
type counts struct {
	heard, lost atomic.Uint64
	topics      atomic.Int64
}

// Counts is what a feed has done, and what it follows.
type Counts struct {
	Heard  uint64 // entries that arrived for a topic
	Lost   uint64 // connections that broke, or could not be made
	Topics int    // logs that are followed, and those that were until a moment ago
}

// Counts returns the counts of the feed. It does not block.
func (f *Feed) Counts() Counts {
	return Counts{Heard: f.counts.heard.Load(), Lost: f.counts.lost.Load(), Topics: int(f.counts.topics.Load())}
}
