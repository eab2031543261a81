package feed

import "time"

// listInterval is the time between two readings of lists while entries may not be published. A static log refreshes as often.
const listInterval = 2 * time.Second

// setUnpublished notes whether applications have been told not to publish. Each follows with a heartbeat of its own, so that
// some publish and others do not. Until all are sure to publish again, viewers are served from lists.
func (f *Feed) setUnpublished(unpublished bool, now time.Time) {
	if unpublished {
		f.unpublishedUntil = now.Add(f.options.ReportInterval + silenceInterval)
	}
}

// followLists reads the lists of all topics from time to time while entries may not be published, and tells viewers when that
// begins and ends.
func (f *Feed) followLists(now time.Time) {
	unpublished := f.unpublished(now)
	if changed := unpublished != f.listed; changed {
		f.listed = unpublished
		for _, t := range f.topics {
			t.unpublished = unpublished
			f.tellSilence(t)
		}
	}
	if !unpublished || now.Sub(f.listedAt) < listInterval {
		return
	}
	f.listedAt = now
	for _, t := range f.topics {
		if t.live {
			f.refresh(t)
		}
	}
}

// setOff tells every viewer when applications are told to record nothing, and when that is over.
func (f *Feed) setOff(off bool) {
	if off == f.off {
		return
	}
	f.off = off
	for _, t := range f.topics {
		t.off = off
		f.tellSilence(t)
	}
}

// unpublished reports whether the feed may hear less than applications record.
func (f *Feed) unpublished(now time.Time) bool {
	return f.options.NoPublish || now.Before(f.unpublishedUntil)
}

// hearOf gives a topic an entry that the feed has heard. Where earlier entries may not have been published, the lists are read first.
func (f *Feed) hearOf(t *topic, e *Line) {
	f.counts.heard.Add(1)
	if t.live && f.unpublished(time.Now()) {
		f.refresh(t)
	}
	t.receive(e)
}
