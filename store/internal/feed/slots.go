package feed

import (
	"crypto/rand"
	"maps"
	"slices"
	"time"
)

// slots is what everyone's topic knows of the slots of a Cluster, on whose channels its entries come. All processes find the
// entries of one slot in the same order. In which order entries of several slots come, each process finds out for itself. So
// a cursor carries the name of this process's order, and another process answers the cursor with a gap.
type slots struct {
	missing map[uint16]bool          // slots whose entries do not arrive, or whose lists are still to be read
	firsts  map[*connection]snapshot // the first snapshot of each master, until viewers are shown all of them
	cut     map[uint16]bool          // slots of which the buffer has lost entries
	order   string                   // the name of the order of the ring
}

func newSlots(all []uint16) *slots {
	s := &slots{missing: make(map[uint16]bool, len(all)), firsts: map[*connection]snapshot{}, cut: map[uint16]bool{}, order: rand.Text()}
	for _, slot := range all {
		s.missing[slot] = true
	}
	return s
}

// setCursors gives entries cursors with the name of the order. Where nothing is known of slots, they have their cursors already.
func (s *slots) setCursors(entries ...*Line) {
	if s == nil {
		return
	}
	for _, e := range entries {
		e.Cursor = e.ID + "~" + s.order
	}
}

// heard notes that from now on the feed hears everything that is published on the channel of a slot, or on the topic's own channel.
func (t *topic) heard(slot uint16) {
	if t.slots == nil {
		t.awaitSnapshot()
	} else {
		t.slots.missing[slot] = true // until it has been read
	}
}

// miss notes that the channels of some slots, or the topic's own one, are not heard for a moment.
func (t *topic) miss(lost []uint16, now time.Time) {
	if t.missedSince.IsZero() && !t.lost {
		t.missedSince = now
	}
	if t.slots == nil {
		t.awaitSnapshot()
		return
	}
	unheard := make(map[uint16]bool, len(lost))
	for _, slot := range lost {
		unheard[slot], t.slots.missing[slot] = true, true
		delete(t.slots.cut, slot)
	}
	t.buffer = slices.DeleteFunc(t.buffer, func(e *Line) bool { return unheard[e.slot] })
	for c, first := range t.slots.firsts {
		if slices.ContainsFunc(lost, func(slot uint16) bool { return first.slots[slot] }) {
			delete(t.slots.firsts, c)
			c.everyone = t // the connection has to read the slots again that it still hears
		}
	}
}

// lose notes that the servers of the topic's channel, or of those of some slots, are away.
func (t *topic) lose(lost []uint16) {
	if t.slots == nil {
		t.interrupt()
		return
	}
	t.miss(lost, time.Now())
	t.tellLost()
}

// tellLost tells the viewers that entries do not arrive.
func (t *topic) tellLost() {
	t.lost, t.missedSince = true, time.Time{}
	t.tell(Lost, nil)
}

// isUnread reports whether the topic, or a slot of it, is still to be read.
func (t *topic) isUnread(slot uint16) bool {
	if t.slots == nil {
		return !t.live
	}
	return t.slots.missing[slot]
}

// isOvertaken reports whether a reading of slots is out of date, because it lacks what viewers were told since it began. That is so
// if the topic has become synced meanwhile, or if another reading has found some of these slots. synced tells how it was at the beginning.
func (t *topic) isOvertaken(slots map[uint16]bool, synced bool) bool {
	for slot := range slots {
		if !t.slots.missing[slot] {
			return true
		}
	}
	return synced != t.synced
}

// isMissing reports whether an entry belongs to what is still to be read.
func (t *topic) isMissing(e *Line) bool { return t.slots != nil && t.slots.missing[e.slot] }

// setAside takes the entries out of the buffer that are of other slots than a reading, and returns them. It notes whether the buffer
// has lost entries of the reading's slots.
func (t *topic) setAside(about map[uint16]bool) (others []*Line) {
	if t.slots == nil {
		return nil
	}
	maps.DeleteFunc(t.slots.cut, func(slot uint16, _ bool) bool {
		t.cut = t.cut || about[slot]
		return about[slot]
	})
	var own []*Line
	for _, e := range t.buffer {
		if about[e.slot] {
			own = append(own, e)
		} else {
			others = append(others, e)
		}
	}
	t.buffer = own
	return others
}

// found notes that the entries of some slots are known and arrive.
func (t *topic) found(about map[uint16]bool) {
	if t.slots != nil {
		maps.DeleteFunc(t.slots.missing, func(slot uint16, _ bool) bool { return about[slot] })
		if len(t.slots.missing) > 0 {
			return
		}
	}
	t.lost, t.missedSince = false, time.Time{}
}

// state is what a viewer of a live topic is told.
func (t *topic) state() State {
	switch {
	case t.lost:
		return Lost
	case t.off:
		return Off
	case t.unpublished:
		return Unpublished
	}
	return Live
}

// joinSlots takes a snapshot of the slots of one master. The first time it waits until all masters that answer have been read,
// so that viewers begin with the newest entries of all.
func (f *Feed) joinSlots(t *topic, c *connection, r snapshot) {
	if t.live {
		t.goLive(r)
		return
	}
	t.slots.firsts[c] = r
	f.begin(t)
}

// begin shows everyone's log for the first time, unless a part of it is still to come.
func (f *Feed) begin(t *topic) {
	r := t.slots.all()
	for name, slot := range f.channelsOf(t) {
		if !r.slots[slot] && !f.channels[name].lost {
			return
		}
	}
	if len(r.slots) > 0 {
		clear(t.slots.firsts)
		t.goLive(r)
	}
}

// all puts the first snapshots of all masters together.
func (s *slots) all() snapshot {
	r := snapshot{newest: map[string]newestLine{}, slots: map[uint16]bool{}, whole: true, reaches: func(*Line) bool { return true }}
	for _, first := range s.firsts {
		r.entries = append(r.entries, first.entries...)
		maps.Copy(r.newest, first.newest)
		maps.Copy(r.slots, first.slots)
		r.whole = r.whole && first.whole
	}
	r.whole = r.whole && len(r.slots) == len(s.missing)
	sortEveryone(r.entries)
	return r
}
