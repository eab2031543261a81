package store

import "slices"

// On a Cluster, slots move between shards: when a replica takes over, and when nodes come and go. Then the entries that wait
// move to another section. But the writer of the old section may have taken entries of the same users, which are older, and may
// give them back. So these users are held: no writer may take their entries until the old one knows what became of those that it has.

// giveBack puts entries back that have certainly not been written: they are older than all that waits of their users. Markers
// become untold gaps again.
func (q *queue) giveBack(entries []Entry) {
	if len(q.gaps.of) > 0 {
		for i := range entries {
			q.tellWaiting(entries[i].Username)
		}
	}
	for i := range slices.Backward(entries) {
		e := &entries[i]
		if e.OnlyGap() {
			q.unmark(e)
			continue
		}
		s := q.sectionOf(e.turn.slot)
		if !s.byUser && s.length >= maxBatch {
			q.separate(s)
		}
		if s.byUser {
			q.addFirst(q.laneOf(s, e), q.store(e))
		} else {
			q.addFirst(&s.together, q.store(e))
			s.length++
		}
	}
}

// landed notes that it is known what became of all that the writer of a section had taken.
func (q *queue) landed(s *section) {
	if s.holds {
		for i := range s.flying {
			if l := q.lanes[s.flying[i].Username]; l != nil && l.holder == s {
				q.let(l)
			}
		}
		s.holds = false
	}
	s.flying = nil
}

// let gives a lane that was held its turn.
func (q *queue) let(l *lane) {
	l.holder = nil
	l.section.held--
	if l.length > 0 {
		l.section.enqueue(l)
	} else {
		q.close(l)
	}
}

// reroute makes sections those of the queue, and gives each entry to the section of its slot.
func (q *queue) reroute(sections, route []*section) {
	old := q.sections
	for _, s := range old {
		q.separate(s)
	}
	q.sections, q.route = sections, route
	moving := make([]*lane, 0, len(q.lanes)) // in the order of their turns
	for _, s := range old {
		for l := s.first; l != nil; l = l.next {
			moving = append(moving, l)
		}
		s.first, s.last, s.length, s.held, s.byUser = nil, nil, 0, 0, false
	}
	for _, l := range q.lanes {
		if l.holder != nil {
			q.move(l)
		}
	}
	for _, l := range moving {
		q.move(l)
	}
	for _, s := range old {
		q.hold(s)
	}
	for _, l := range moving {
		if l.holder == nil {
			l.section.enqueue(l)
		}
	}
}

// move makes a lane one of the section of its slot. It has no turn yet.
func (q *queue) move(l *lane) {
	l.section = q.sectionOf(l.slot)
	l.section.length += l.length
	l.section.byUser = true
	if l.holder != nil {
		l.section.held++
	}
}

// hold holds the users of whom a section's writer has entries, and who are another section's by now.
func (q *queue) hold(s *section) {
	for i := range s.flying {
		e := &s.flying[i]
		to := q.sectionOf(e.turn.slot)
		if to == s {
			continue
		}
		q.separate(to)
		l := q.lanes[e.Username]
		if l == nil {
			l = q.open(e.Username)
			l.section, l.slot = to, e.turn.slot
		}
		if l.holder == nil {
			l.holder = s
			to.held++
		}
		s.holds = true
	}
}
