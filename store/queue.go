package store

import (
	"cmp"
	"slices"
)

// queue holds the entries that wait for the writer. While they are no more than a batch, all of them are in one lane. From
// then on until it is empty, users have lanes of their own and take turns, so that none of them has to wait for all that
// another one does. It is not safe for concurrent use, and allocates only to grow.
type queue struct {
	size   int
	places []place // grows up to size
	free   int32   // the first place that is free, or none
	length int
	count  uint64 // entries so far

	together    lane             // all entries, while users have no lanes
	lanes       map[string]*lane // by username
	apart       bool             // users have lanes
	first, last *lane            // in the order of their turns
	spare       *lane            // lanes without entries, for other users
	heavy       []*lane          // lanes with more entries than the share of a user
}

// place holds an entry.
type place struct {
	entry  Entry
	number uint64 // in the order in which entries came
	next   int32  // of the same user, or the next free one
}

// lane is the entries of one user, oldest first.
type lane struct {
	username    string
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
	return queue{size: size, free: noPlace, lanes: make(map[string]*lane), heavy: make([]*lane, 0, userShare+1)}
}

// share is how many entries of one user may wait when others need the room.
func (q *queue) share() int { return max(q.size/userShare, 1) }

// admission says what became of an entry that came to the queue.
type admission int

const (
	admitted      admission = iota
	admittedFor             // the oldest entry of the user with the most has given way
	refusedShare            // its user has more than a share, and others have the rest
	refusedLength           // the queue is full
)

// put adds an entry, if there is room or somebody has more than a share.
func (q *queue) put(e *Entry) admission {
	if !q.apart && q.length == min(q.size, maxBatch) {
		q.separate()
	}
	if !q.apart {
		q.add(&q.together, q.store(e))
		return admitted
	}
	result := admitted
	own := q.lanes[e.Username]
	if q.length == q.size {
		heaviest := q.heaviest()
		switch {
		case heaviest == nil || heaviest == own && len(q.lanes) == 1:
			return refusedLength
		case own != nil && own.length >= heaviest.length:
			return refusedShare
		}
		q.release(q.pop(heaviest))
		result = admittedFor
	}
	if own == nil {
		own = q.open(e.Username)
	}
	q.add(own, q.store(e))
	return result
}

// separate gives each user a lane.
func (q *queue) separate() {
	q.apart = true
	for q.together.length > 0 {
		i := q.pop(&q.together)
		username := q.places[i].entry.Username
		own := q.lanes[username]
		if own == nil {
			own = q.open(username)
		}
		q.add(own, i)
	}
}

// store puts an entry into a place that is free.
func (q *queue) store(e *Entry) int32 {
	i := q.occupy()
	p := &q.places[i]
	p.entry, p.number = *e, q.count
	q.count++
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
	q.length++
	if l.length++; q.apart && l.length == q.share()+1 {
		q.heavy = append(q.heavy, l)
	}
}

// take moves up to maxBatch entries to batch, in the order in which they came: of each user in turn the oldest one.
func (q *queue) take(batch []Entry) []Entry {
	for !q.apart && q.length > 0 {
		i := q.pop(&q.together)
		batch = append(batch, q.places[i].entry)
		q.release(i)
	}
	var taken [maxBatch]int32
	n := 0
	for ; n < maxBatch && q.length > 0; n++ {
		l := q.first
		q.first = l.next
		taken[n] = q.pop(l)
		if l.length > 0 {
			q.enqueue(l)
		} else {
			q.close(l)
		}
	}
	slices.SortFunc(taken[:n], func(a, b int32) int { return cmp.Compare(q.places[a].number, q.places[b].number) })
	for _, i := range taken[:n] {
		batch = append(batch, q.places[i].entry)
		q.release(i)
	}
	q.apart = q.length > 0
	if q.length == 0 && len(q.places) > keptPlaces {
		*q = newQueue(q.size) // an outage's memory is given back
	}
	return batch
}

// pop takes the oldest entry out of a lane, and returns its place.
func (q *queue) pop(l *lane) int32 {
	i := l.first
	l.first = q.places[i].next
	q.length--
	if l.length--; q.apart && l.length == q.share() {
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

// open returns the lane of a user who has none. It is the last in turn.
func (q *queue) open(username string) *lane {
	l := q.spare
	if l == nil {
		l = &lane{}
	} else {
		q.spare = l.next
	}
	l.username = username
	q.lanes[username] = l
	q.enqueue(l)
	return l
}

// enqueue makes a lane the last in turn.
func (q *queue) enqueue(l *lane) {
	l.next = nil
	if q.first == nil {
		q.first = l
	} else {
		q.last.next = l
	}
	q.last = l
}

// close puts a lane aside that is empty, and has had its turn.
func (q *queue) close(l *lane) {
	delete(q.lanes, l.username)
	*l = lane{next: q.spare}
	q.spare = l
}

// occupy returns a place that is free. There are twice as many when all are taken.
func (q *queue) occupy() int32 {
	if q.free == noPlace {
		before := len(q.places)
		grown := make([]place, min(max(2*before, firstPlaces), q.size))
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
