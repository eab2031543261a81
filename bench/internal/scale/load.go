// Package scale reckons what userlog needs beyond one machine: how many masters a Redis Cluster has, and what Redis, applications
// and admins use. It is fed by what benchmarks measure on one machine.
package scale

import "math"

// How recorders pace themselves, as in the store.
const (
	fullBatch  = 100.0 // entries
	gathering  = 0.01  // seconds from one batch of a shard to the next, unless it is full
	unwatched  = 0.8   // the same where nobody watches, if entries come at least once a second
	additions  = 2.0   // times a second that a recorder adds to the user index
	indexEvery = 2.0   // seconds between two additions of one user by one process
	indexSets  = 2.0   // that a user is added to: those seen, and names
)

// Load is what is recorded.
type Load struct {
	Entries   float64 // a second, of all recorders together
	Users     float64 // with logs in Redis, who make requests at random
	Recorders float64 // processes
	Masters   float64
	Unwatched bool // nobody watches anybody
}

// gathering is how long a writer gathers that gets so many entries a second.
func (l Load) gathering(rate float64) float64 {
	if l.Unwatched && rate >= 1 {
		return unwatched
	}
	return gathering
}

// Counts are how often things happen in a second, in all masters together.
type Counts struct {
	Reads   float64 // batches that Redis reads from connections
	ofIndex float64 // of those, what is for the user index
	Scripts float64 // for each batch and user of it
	Members float64 // that are added to sets of the user index
}

// Batches is how many batches a second a writer sends that gets so many entries a second. After a batch it gathers for some seconds,
// and then sends what has come, or the next entry as soon as it comes.
func Batches(rate, gathering float64) float64 {
	if rate == 0 {
		return 0
	}
	return max(rate/(rate*gathering+math.Exp(-rate*gathering)), rate/fullBatch)
}

// Additions is how many additions of users to the index there are in a second. Each process adds a user at most every two
// seconds, so a user whose requests go to many processes is added nearly each time.
func (l Load) Additions() float64 {
	ofOne := l.Entries / (l.Users * l.Recorders) // requests a second of one user in one process
	return l.Entries / (1 + indexEvery*ofOne)
}

// Counts returns how often things happen.
func (l Load) Counts() Counts {
	writers := l.Recorders * l.Masters
	rate := l.Entries / writers
	each := l.Additions() / l.Recorders / additions // users of one addition
	// Additions fall to masters at random, which leaves some of them out.
	ofIndex := l.Recorders * additions * l.Masters * (1 - math.Exp(-each/l.Masters))
	return Counts{
		Reads:   writers*Batches(rate, l.gathering(rate)) + ofIndex,
		ofIndex: ofIndex,
		Scripts: l.Entries,
		Members: l.Additions() * indexSets,
	}
}

// Costs are the processor time that things cost, in seconds.
type Costs struct {
	Read, Script, Member float64
	Idle                 float64 // of one process for one second in which nothing happens
}

// CPU returns the processors that so many processes use.
func (c Costs) CPU(n Counts, processes float64) float64 {
	return n.Reads*c.Read + n.Scripts*c.Script + n.Members*c.Member + processes*c.Idle
}

// index is the part of CPU that the user index takes.
func (c Costs) index(n Counts) float64 { return n.ofIndex*c.Read + n.Members*c.Member }
