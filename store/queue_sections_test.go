package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// sectioned is a recorder whose queue has sections, as on a Cluster of which no shard writes.
type sectioned struct {
	*recorder
	shards []*section
}

// newSectioned returns one where slot n is the n-th shard's, and the last shard has the others.
func newSectioned(size, shards int) *sectioned {
	r := &sectioned{recorder: unswitchedRecorder(Options{QueueSize: size})}
	for range shards {
		r.shards = append(r.shards, newSection())
	}
	r.slot = func(username string) uint16 { return uint16(username[0] - 'a') }
	owners := make([]*section, 'z'-'a'+1)
	for slot := range owners {
		owners[slot] = r.shards[min(slot, shards-1)]
	}
	r.move(owners...)
	return r
}

// move makes slots those of shards, in the order of the slots.
func (r *sectioned) move(shards ...*section) {
	var used []*section
	for _, s := range r.shards {
		if slices.Contains(shards, s) {
			used = append(used, s)
		}
	}
	r.reroute(used, shards)
}

// put records an entry for each letter, which is its username. Their paths are numbers.
func (r *sectioned) put(usernames string) {
	for i, u := range usernames {
		r.record(&Entry{Username: string(u), Path: fmt.Sprint(i)})
	}
}

// names are users and numbers of entries.
func names(batch []Entry) string {
	var b strings.Builder
	for _, e := range batch {
		b.WriteString(e.Username + e.Path + " ")
	}
	return strings.TrimSpace(b.String())
}

// A user whose entries are on their way to one shard is not another one's before it is known what became of them.
func TestAUserThatMovesKeepsTheOrder(t *testing.T) {
	r := newSectioned(1000, 2)
	one, other := r.shards[0], r.shards[1]
	r.put("aab")
	flying := r.takeOff(one, nil)
	r.put("aab")
	r.move(other, other)
	if got := names(r.takeOff(other, nil)); got != "b2 b2" {
		t.Errorf("the other shard takes %s", got)
	}
	r.land(other, settlement{written: 2}, nil)
	r.put("a")
	if got := names(r.takeOff(other, nil)); got != "" {
		t.Errorf("before the first has answered, the other shard takes %s", got)
	}
	r.land(one, settlement{written: 1}, flying[1:])
	if got := names(r.takeOff(other, nil)); got != "a1 a0 a1 a0" {
		t.Errorf("then it takes %s", got)
	}
}

// The entries of a shard that is away give way where they have more than their part of a full queue.
func TestAShardThatIsAwayDoesNotFillTheQueue(t *testing.T) {
	r := newSectioned(90, 3)
	for range 45 {
		r.put("ab")
	}
	for range 20 {
		r.put("c")
	}
	if s := r.snapshot(); s.Queued != 90 || s.Dropped.Total() != 20 {
		t.Errorf("the stats: %+v", s)
	}
	if n := r.waiting(r.shards[2]); n != 20 {
		t.Errorf("%d entries of the healthy shard wait, want 20", n)
	}
	many := newSectioned(90, 3)
	many.slot = func(username string) uint16 { return uint16(len(username) - 1) }
	for i := range 95 { // of users who have few
		many.record(&Entry{Username: string(rune(0x4e00 + i))[:3]})
	}
	many.slot = func(string) uint16 { return 0 }
	for i := range 20 {
		many.record(&Entry{Username: fmt.Sprint("healthy", i)})
	}
	if n := many.waiting(many.shards[0]); n != 20 {
		t.Errorf("%d entries of users of the healthy shard wait, want 20", n)
	}
}

// Whatever moves, comes back and is written, each user's entries are written once and in order.
func TestSectionsAgainstAModel(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 11))
		const shards, users = 4, 12
		r := newSectioned(100_000, shards)
		recorded, written := map[string]int{}, map[string]int{}
		flights, busy := make([][]Entry, shards), make([]bool, shards)
		land := func(i int) {
			var o settlement
			var back []Entry
			fails := map[string]bool{}
			for _, e := range flights[i] {
				if _, decided := fails[e.Username]; !decided {
					fails[e.Username] = random.IntN(3) == 0
				}
				if fails[e.Username] {
					back = append(back, e)
					continue
				}
				o.written++
				if e.Path != fmt.Sprint(written[e.Username]) {
					t.Fatalf("seed %d: %s of %s is written, want %d", seed, e.Path, e.Username, written[e.Username])
				}
				written[e.Username]++
			}
			r.land(r.shards[i], o, back)
			flights[i], busy[i] = nil, false
		}
		for range 5000 {
			i := random.IntN(shards)
			switch dice := random.IntN(100); {
			case dice < 2:
				owners := make([]*section, users)
				for slot := range owners {
					owners[slot] = r.shards[random.IntN(shards)]
				}
				r.move(owners...)
			case dice < 5 && busy[i]:
				land(i)
			case dice < 5:
				flights[i], busy[i] = r.takeOff(r.shards[i], nil), true
			default:
				u := string(rune('a' + min(random.IntN(users), random.IntN(users))))
				r.record(&Entry{Username: u, Path: fmt.Sprint(recorded[u])})
				recorded[u]++
			}
		}
		for r.snapshot().Queued > 0 {
			for i := range r.shards {
				if busy[i] {
					land(i)
				}
				flights[i], busy[i] = r.takeOff(r.shards[i], nil), true
			}
		}
		for u, n := range recorded {
			if written[u] != n {
				t.Fatalf("seed %d: %d of %d entries of %s are written", seed, written[u], n, u)
			}
		}
	}
}
