package store

import (
	"cmp"
	"slices"
	"time"
)

// queue holds the entries that wait for writers. Each writer has a section: on one Redis there is one, on a Cluster one for each
// shard. All sections share the places, so the entries of one shard may take many places while those of others need few.
//
// As long as a section has no more entries than a batch, all of them are in one lane. When it gets more, each user gets a lane, until
// the section is empty. The users then take turns. For example, one entry of bob's behind 1,000 of ada's is in the next batch. A
// queue is not safe for concurrent use, and allocates only to grow.
type queue struct {
	size   int
	places []place // grows up to size, and by what writers give back
	free   int32   // the first place that is free, or none
	length int
	count  uint64 // entries so far

	sections []*section
	route    []*section       // by slot of a Cluster; nil where there is one section
	lanes    map[string]*lane // by username, of the sections where users have lanes
	spare    *lane            // lanes that no user has any more, to be used again
	heavy    []*lane          // lanes with more entries than the share of a user
	gaps     untoldGaps
}

// section is what waits for one writer, and what that writer has taken.
type section struct {
	work   chan struct{} // capacity 1: the section has wakeAt entries
	wakeAt int           // 1 while its writer waits for any

	length      int
	together    lane  // all entries, while users have no lanes
	byUser      bool  // users have lanes
	first, last *lane // in the order of their turns

	flying  []Entry // taken, and perhaps to be given back: only on a Cluster
	holds   bool    // users of other sections wait until it is known what became of flying, which has older entries of theirs
	held    int     // users of this section who wait so for another section
	sending int     // of what was taken, perhaps on their way
	away    bool    // the last attempt to write failed

	searched time.Time // when gaps were last searched for those that need a marker
}

func newSection() *section { return &section{work: make(chan struct{}, 1), wakeAt: 1} }

// place holds an entry.
type place struct {
	entry Entry
	next  int32 // of the same user, or the next free one
}

// turn is what the queue and the writer note of an entry.
type turn struct {
	number   uint64 // in the order in which entries came
	slot     uint16 // of the log, on a Cluster
	prepared bool   // it has been masked and counted, and has all that a writer adds
	timed    bool   // it has a time by Redis' clock
	early    bool   // it came before the switches were read, which may leave it out
	verdict  verdict
}

// lane is the entries of one user, oldest first.
type lane struct {
	username    string
	slot        uint16
	section     *section
	holder      *section // has entries of this user on their way, so nobody else may take some; else nil
	first, last int32
	length      int
	next        *lane
}

const (
	noPlace     = -1
	userShare   = 16   // users may have a 16th of the queue each, whatever others have; more only while there is room
	keptPlaces  = 1024 // places that are kept when the queue is empty
	firstPlaces = 64
)

func newQueue(size int) queue {
	return queue{
		size: size, free: noPlace, sections: []*section{newSection()}, lanes: make(map[string]*lane), heavy: make([]*lane, 0, userShare+1),
		gaps: untoldGaps{unnamed: new(unnamedLosses)},
	}
}

// sectionOf returns the section of a slot.
func (q *queue) sectionOf(slot uint16) *section {
	if q.route == nil {
		return q.sections[0]
	}
	return q.route[slot]
}

// share is how many entries of one user may wait when others need the room.
func (q *queue) share() int { return max(q.size/userShare, 1) }

// admission says what became of an entry that came to the queue.
type admission int

const (
	admitted         admission = iota
	admittedFor                // the oldest entry of the user with the most entries has given way
	refusedShare               // no user has more entries than its own user, who has more than a share
	refusedLength              // the queue is full, and no other entry gives way
	admittedForShard           // the oldest entry of a user of the shard with the most entries has given way
)

// put adds an entry, if there is room or somebody has more than a share.
func (q *queue) put(e *Entry) admission {
	s := q.sectionOf(e.turn.slot)
	if q.length >= q.size {
		return q.squeeze(s, e)
	}
	if !s.byUser && s.length >= maxBatch {
		q.separate(s)
	}
	e.turn.number = q.count
	q.count++
	q.append(s, e)
	return admitted
}

// append adds an entry that there is room for behind all others of its user.
func (q *queue) append(s *section, e *Entry) {
	q.tellBehind(e)
	if s.byUser {
		q.add(q.laneOf(s, e), q.store(e))
	} else {
		q.add(&s.together, q.store(e))
		s.length++
	}
}

// squeeze adds an entry to a full queue, if another one gives way.
func (q *queue) squeeze(s *section, e *Entry) admission {
	for _, each := range q.sections {
		q.separate(each)
	}
	own, heaviest, result := q.lanes[e.Username], q.heaviest(), admittedFor
	switch crowded := q.crowded(s); {
	case heaviest != nil && heaviest == own && len(q.lanes) == 1:
		return q.refuse(e, refusedLength)
	case heaviest != nil && own != nil && own.length >= heaviest.length:
		return q.refuse(e, refusedShare)
	case heaviest != nil:
		q.drop(q.pop(heaviest))
	case crowded != nil:
		result = admittedForShard
		q.drop(q.next(crowded))
	default:
		return q.refuse(e, refusedLength)
	}
	e.turn.number = q.count
	q.count++
	q.append(s, e)
	return result
}

// drop loses the entry of a place, which was the oldest of its user.
func (q *queue) drop(i int32) {
	q.lose(&q.places[i].entry, isDropped)
	q.release(i)
}

// crowded returns the section with the most entries, if it has more than an even part of the queue, and is not s. It must have an
// entry that can be taken.
func (q *queue) crowded(s *section) *section {
	most := s
	for _, each := range q.sections {
		if each.length > most.length && each.first != nil {
			most = each
		}
	}
	if most == s || most.length <= q.size/len(q.sections) {
		return nil
	}
	return most
}

// separate gives each user of a section a lane.
func (q *queue) separate(s *section) {
	if s.byUser {
		return
	}
	s.byUser, s.length = true, 0
	for s.together.length > 0 {
		i := q.pop(&s.together)
		q.add(q.laneOf(s, &q.places[i].entry), i)
	}
}

// laneOf returns the lane of the user of an entry.
func (q *queue) laneOf(s *section, e *Entry) *lane {
	own := q.lanes[e.Username]
	if own == nil {
		own = q.open(e.Username)
		own.section, own.slot = s, e.turn.slot
		s.enqueue(own)
	}
	return own
}

// store puts an entry into a place that is free.
func (q *queue) store(e *Entry) int32 {
	i := q.occupy()
	q.places[i].entry = *e
	return i
}

// add makes a place the last of a lane.
func (q *queue) add(l *lane, i int32) {
	q.places[i].next = noPlace
	if l.length == 0 {
		l.first = i
	} else {
		q.places[l.last].next = i
	}
	l.last = i
	q.grown(l)
}

// addFirst makes a place the first of a lane.
func (q *queue) addFirst(l *lane, i int32) {
	q.places[i].next = l.first
	if l.length == 0 {
		q.places[i].next, l.last = noPlace, i
	}
	l.first = i
	q.grown(l)
}

// grown counts one more entry of a lane.
func (q *queue) grown(l *lane) {
	q.length++
	l.length++
	if l.section == nil {
		return // all users together
	}
	l.section.length++
	if l.length == q.share()+1 {
		q.heavy = append(q.heavy, l)
	}
}

// take moves up to maxBatch entries of a section to batch, in the order in which they came: of each user in turn the oldest one.
func (q *queue) take(s *section, batch []Entry) []Entry {
	for !s.byUser && s.together.length > 0 {
		i := q.pop(&s.together)
		batch = append(batch, q.places[i].entry)
		q.release(i)
		s.length--
	}
	var taken [maxBatch]int32
	n := 0
	for ; n < maxBatch && s.first != nil; n++ {
		taken[n] = q.next(s)
	}
	slices.SortFunc(taken[:n], func(a, b int32) int {
		return cmp.Compare(q.places[a].entry.turn.number, q.places[b].entry.turn.number)
	})
	for _, i := range taken[:n] {
		batch = append(batch, q.places[i].entry)
		q.release(i)
	}
	s.byUser = s.length > 0 || s.held > 0
	if q.length == 0 && len(q.places) > keptPlaces {
		q.shrink()
	}
	return batch
}

// shrink gives the memory of an outage back.
func (q *queue) shrink() {
	empty := newQueue(q.size)
	q.places, q.free, q.spare, q.heavy = nil, empty.free, nil, empty.heavy
	if len(q.lanes) == 0 { // otherwise the lanes of users who wait for another section have to stay
		q.lanes = empty.lanes
	}
}

// next takes the oldest entry of the user whose turn it is out of a section with lanes.
func (q *queue) next(s *section) int32 {
	l := s.first
	s.first = l.next
	i := q.pop(l)
	if l.length > 0 {
		s.enqueue(l)
	} else {
		q.close(l)
	}
	return i
}

// pop takes the oldest entry out of a lane, and returns its place.
func (q *queue) pop(l *lane) int32 {
	i := l.first
	l.first = q.places[i].next
	q.length--
	l.length--
	if l.section == nil {
		return i
	}
	l.section.length--
	if l.length == q.share() {
		q.heavy = slices.DeleteFunc(q.heavy, func(h *lane) bool { return h == l })
	}
	return i
}

// heaviest returns the lane with the most entries, if any has more than a share.
func (q *queue) heaviest() *lane {
	var most *lane
	for _, l := range q.heavy {
		if most == nil || l.length > most.length {
			most = l
		}
	}
	return most
}

// open returns a lane for a user who has none. It has no turn yet.
func (q *queue) open(username string) *lane {
	l := q.spare
	if l == nil {
		l = &lane{}
	} else {
		q.spare = l.next
	}
	l.username = username
	q.lanes[username] = l
	return l
}

// enqueue makes a lane the last in turn.
func (s *section) enqueue(l *lane) {
	l.next = nil
	if s.first == nil {
		s.first = l
	} else {
		s.last.next = l
	}
	s.last = l
}

// close puts a lane aside that is empty, and has had its turn.
func (q *queue) close(l *lane) {
	delete(q.lanes, l.username)
	*l = lane{next: q.spare}
	q.spare = l
}

// grownPlaces is how many places there are when all are taken: twice as many up to size, which only what comes back exceeds.
func grownPlaces(before, size int) int {
	if before >= size {
		return before + maxBatch
	}
	return min(max(2*before, firstPlaces), size)
}

// occupy returns a place that is free. There are twice as many when all are taken.
func (q *queue) occupy() int32 {
	if q.free == noPlace {
		before := len(q.places)
		grown := make([]place, grownPlaces(before, q.size))
		copy(grown, q.places)
		q.places = grown
		for i := len(grown) - 1; i >= before; i-- {
			q.release(int32(i))
		}
	}
	i := q.free
	q.free = q.places[i].next
	return i
}

// release makes a place free.
func (q *queue) release(i int32) {
	q.places[i] = place{next: q.free}
	q.free = i
}
