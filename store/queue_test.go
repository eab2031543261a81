package store

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// queued returns a queue with an entry for each letter, which is its username.
func queued(size int, usernames string) *queue {
	q := newQueue(size)
	fill(&q, usernames)
	return &q
}

// fill puts entries into a queue. Their paths say how many there were of the user.
func fill(q *queue, usernames string) (admissions []admission) {
	counts := map[rune]int{}
	for _, u := range usernames {
		counts[u]++
		admissions = append(admissions, q.put(&Entry{Username: string(u), Path: fmt.Sprint(counts[u])}))
	}
	return admissions
}

// batchOf is the next batch, as users and numbers.
func batchOf(q *queue) string {
	var b strings.Builder
	for _, e := range q.take(q.sections[0], nil) {
		b.WriteString(e.Username + e.Path + " ")
	}
	return strings.TrimSpace(b.String())
}

func TestAQueueKeepsItsOrderWhereThereIsRoom(t *testing.T) {
	q := queued(1000, "abaac"+strings.Repeat("d", maxBatch-5))
	if got := batchOf(q); !strings.HasPrefix(got, "a1 b1 a2 a3 c1 d1 d2 ") || !strings.HasSuffix(got, fmt.Sprintf(" d%d", maxBatch-5)) {
		t.Errorf("the batch is %s", got)
	}
	if q.length != 0 || len(q.lanes) != 0 || batchOf(q) != "" {
		t.Errorf("%d entries of %d users are left", q.length, len(q.lanes))
	}
}

func TestUsersTakeTurns(t *testing.T) {
	q := queued(1000, strings.Repeat("f", 500)+"abba")
	if got := batchOf(q); !strings.HasSuffix(got, fmt.Sprintf(" f%d a1 b1 b2 a2", maxBatch-4)) {
		t.Errorf("the first batch is %s", got)
	}
	fill(q, "c")
	if got := batchOf(q); !strings.HasPrefix(got, fmt.Sprintf("f%d ", maxBatch-3)) || !strings.HasSuffix(got, "c1") {
		t.Errorf("the second batch is %s", got)
	}
}

func TestWhoHasMostGivesWay(t *testing.T) {
	for _, test := range []struct {
		name, before, after string
		want                admission
		batch               string
	}{
		{"alone", strings.Repeat("f", 32), "f", refusedLength, "f1 f2"},
		{"another comes", strings.Repeat("f", 32), "a", admittedFor, "f2 f3"},
		{"the one with most comes", "a" + strings.Repeat("f", 31), "f", refusedShare, "a1 f1"},
		{"one with as many comes", strings.Repeat("f", 16) + strings.Repeat("a", 16), "a", refusedShare, "f1 f2"},
		{"nobody has more than a share", "aabbccddeeffgghhiijjkkllmmnnoopp", "q", refusedLength, "a1 a2"},
		{"the one with most of two", "aaa" + strings.Repeat("g", 14) + strings.Repeat("f", 15), "a", admittedFor, "a1 a2"},
	} {
		q := queued(32, test.before)
		if got := fill(q, test.after); got[0] != test.want {
			t.Errorf("%s: %d, want %d", test.name, got[0], test.want)
		}
		if q.length != 32 {
			t.Errorf("%s: %d entries", test.name, q.length)
		}
		if got := batchOf(q); !strings.HasPrefix(got, test.batch+" ") {
			t.Errorf("%s: the batch is %s", test.name, got)
		}
	}
}

// Whatever comes and goes, each user's entries come out in order, those of whoever has less than a share are never given
// up for others, and the numbers are right.
func TestAQueueAgainstAModel(t *testing.T) {
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 7))
		const size = 320
		q := newQueue(size)
		model := map[string][]string{}
		total := 0
		put := func(username string, n int) {
			e := &Entry{Username: username, Path: fmt.Sprint(n)}
			most := ""
			for u := range model {
				if len(model[u]) > len(model[most]) {
					most = u
				}
			}
			switch got := q.put(e); {
			case got == admitted && total < size:
				total++
				model[username] = append(model[username], e.Path)
			case got == admittedFor && total == size && len(model[most]) > size/userShare:
				gave := ""
				for u, entries := range model {
					if len(entries) == len(model[most]) && q.lanes[u].length == len(entries)-1 {
						gave = u
					}
				}
				model[gave] = model[gave][1:]
				model[username] = append(model[username], e.Path)
			case got == refusedShare && total == size && len(model[username]) > size/userShare:
			case got == refusedLength && total == size && (len(model[most]) <= size/userShare || len(model[username]) == size):
			default:
				t.Fatalf("seed %d: %s has %d of %d: %d", seed, username, len(model[username]), total, got)
			}
		}
		for n := range 3000 {
			switch dice := random.IntN(100); {
			case dice < 50:
				put("flood", n)
			case dice < 60:
				put(fmt.Sprint("heavy", random.IntN(3)), n)
			case dice < 99:
				put(fmt.Sprint("user", random.IntN(60)), n)
			default:
				for _, e := range q.take(q.sections[0], nil) {
					if model[e.Username][0] != e.Path {
						t.Fatalf("seed %d: %s of %s, want %s", seed, e.Path, e.Username, model[e.Username][0])
					}
					model[e.Username] = model[e.Username][1:]
					total--
				}
			}
			if q.length != total {
				t.Fatalf("seed %d: %d entries, want %d", seed, q.length, total)
			}
		}
	}
}

func TestAQueueAllocatesOnlyToGrow(t *testing.T) {
	q := newQueue(4096)
	entries := make([]Entry, 500)
	for i := range entries {
		entries[i] = Entry{Username: fmt.Sprint("user", i%200), Path: "/"}
	}
	batch := make([]Entry, 0, maxBatch)
	cycle := func() {
		for i := range entries {
			q.put(&entries[i])
		}
		for q.length > 0 {
			q.take(q.sections[0], batch)
		}
	}
	cycle()
	if n := testing.AllocsPerRun(100, cycle); n != 0 {
		t.Errorf("%v allocations for %d entries", n, len(entries))
	}
}

func TestAQueueGivesMemoryBack(t *testing.T) {
	q := queued(4096, strings.Repeat("a", 4096))
	for batchOf(q) != "" {
	}
	if len(q.places) != 0 {
		t.Errorf("%d places are kept", len(q.places))
	}
}
