package store

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
)

// sentLogs are what a Redis that fails in every way has of each user: requests, which are numbered, and gaps.
type sentLogs struct {
	recorded map[string]int
	lines    map[string][]Entry
}

// record records the next request of a user.
func (l *sentLogs) record(r *recorder, username string) {
	e := pageBy(username)
	e.Path = strconv.Itoa(l.recorded[username])
	l.recorded[username]++
	r.record(e)
}

// land has each user's entries of a batch that was taken meet a fate of their own.
func (l *sentLogs) land(r *recorder, batch []Entry, random *rand.Rand) {
	var o settlement
	var back []Entry
	fates, arrived := map[string]verdict{}, map[string]bool{}
	for i := range batch {
		e := &batch[i]
		v, known := fates[e.Username]
		if !known {
			v = []verdict{isWritten, isWritten, isRefused, isBack, isInDoubt}[random.IntN(5)]
			fates[e.Username], arrived[e.Username] = v, v == isWritten || v == isInDoubt && random.IntN(2) == 0
		}
		if arrived[e.Username] {
			l.lines[e.Username] = append(l.lines[e.Username], *e)
		}
		if o.add(e, v); v == isBack {
			back = append(back, *e)
		}
	}
	r.land(r.only(), o, back)
}

// check compares what each gap says with what is missing there.
func (l *sentLogs) check(t *testing.T) {
	t.Helper()
	for username, lines := range l.lines {
		next, told := 0, Gap{}
		lines = append(lines, Entry{Path: strconv.Itoa(l.recorded[username])}) // behind the last one
		for i := range lines {
			e := &lines[i]
			if e.Gap != nil {
				told = told.plus(*e.Gap)
			}
			if e.OnlyGap() {
				continue
			}
			n, _ := strconv.Atoi(e.Path)
			if missing := n - next; missing < told.Dropped || missing > told.Dropped+told.Indeterminate {
				t.Errorf("%d requests of %s are missing before number %d, and the log tells %+v", missing, username, n, told)
			}
			next, told = n+1, Gap{}
		}
	}
}

func TestEachGapIsToldWhereItIs(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 0))
		r := unswitchedRecorder(Options{QueueSize: 1 + random.IntN(40), Retention: time.Hour})
		l := &sentLogs{map[string]int{}, map[string][]Entry{}}
		var flying []Entry
		for range 400 {
			switch random.IntN(14) {
			case 0, 1:
				l.land(r, flying, random)
				flying = r.takeOff(r.only(), nil)
			case 2:
				l.land(r, flying, random)
				flying = nil
			case 3:
				r.only().searched = time.Time{}
				for _, g := range r.queue.gaps.of {
					g.since = g.since.Add(-gapPatience) // it is time for markers
				}
			default:
				l.record(r, fmt.Sprint(min(random.IntN(6), 3)))
			}
		}
		l.land(r, flying, random)
		for r.queue.length > 0 {
			batch := r.take(r.only(), nil)
			for i := range batch {
				l.lines[batch[i].Username] = append(l.lines[batch[i].Username], batch[i])
			}
			settled(r, batch, isWritten)
		}
		for username, g := range r.queue.gaps.of { // also where Redis refused
			l.lines[username] = append(l.lines[username], g.marker(username))
		}
		if l.check(t); t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}
