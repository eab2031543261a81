package store

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// counting is a server that counts what is confirmed, and loses some of it.
type counting struct {
	confirmed
	t       *testing.T
	now     time.Time
	batches [][]Entry // that the server has
	counts  []float64 // after each
}

// write has a batch of so many entries of each user confirmed, and returns what is told to be gone.
func (c *counting) write(of map[string]int) undone {
	var batch []Entry
	for username, n := range of {
		for range n {
			e := pageBy(username)
			e.turn.verdict = isWritten
			batch = append(batch, *e)
		}
	}
	count := c.count() + float64(len(batch))
	c.batches, c.counts = append(c.batches, batch), append(c.counts, count)
	gone := c.take(count, len(batch), c.now)
	c.note(batch)
	return gone
}

func (c *counting) count() float64 {
	if len(c.counts) == 0 {
		return 0
	}
	return c.counts[len(c.counts)-1]
}

// lose has the server lose all but so many batches, and returns what users have lost.
func (c *counting) lose(but int) (lost map[string]int) {
	lost = make(map[string]int)
	for _, batch := range c.batches[but:] {
		for _, e := range batch {
			lost[e.Username]++
		}
	}
	c.batches, c.counts = c.batches[:but], c.counts[:but]
	return lost
}

// tells checks that what is told to be gone is what users have lost. Those of the first batch are in doubt where it may be there in
// part. It returns how many entries have no name.
func (c *counting) tells(gone undone, lost map[string]int) {
	c.t.Helper()
	told, want := gone.unnamed, 0
	named := map[string]int{}
	for _, p := range gone.parts {
		named[p.username] += p.lost.Dropped + p.lost.Indeterminate
		if inDoubt := c.inBatches && gone.unnamed == 0 && p.count == gone.parts[0].count; inDoubt != (p.lost.Indeterminate > 0) {
			c.t.Errorf("of %d entries of %s %d are in doubt", p.requests, p.username, p.lost.Indeterminate)
		}
	}
	for username, n := range lost {
		want += n
		told += named[username]
		if named[username] > n || gone.unnamed == 0 && named[username] < n {
			c.t.Errorf("%s has lost %d and is told %d", username, n, named[username])
		}
	}
	if told != want || gone.requests() != want {
		c.t.Errorf("%d entries are told to be gone, and %d counted, want %d", told, gone.requests(), want)
	}
}

func TestWhatAServerLacksIsKnown(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			c := &counting{t: t, now: time.Now(), confirmed: confirmed{inBatches: seed%2 == 0}}
			for range 200 {
				of := map[string]int{fmt.Sprint("user-", random.IntN(50)): 1 + random.IntN(3), fmt.Sprint("more-", random.IntN(50)): 1}
				var lost map[string]int
				if random.IntN(20) == 0 {
					lost = c.lose(max(len(c.batches)-random.IntN(40), 0))
				}
				c.tells(c.write(of), lost)
			}
		})
	}
}

// What was confirmed too long ago is told without names, and in the right number.
func TestWhatIsNotRememberedIsCounted(t *testing.T) {
	t.Parallel()
	c := &counting{t: t, now: time.Now()}
	for n := range 5 * maxConfirmed {
		c.write(map[string]int{fmt.Sprint("user-", n): 1})
	}
	if n := len(c.recent); n > maxConfirmed || n < maxConfirmed/3 {
		t.Errorf("%d are remembered", n)
	}
	lost := c.lose(100)
	c.tells(c.write(map[string]int{"ada": 1}), lost)
}

func TestACountThatMayHaveExpiredTellsNothing(t *testing.T) {
	t.Parallel()
	c := &counting{t: t, now: time.Now()}
	c.write(map[string]int{"ada": 2})
	c.lose(0)
	c.now = c.now.Add(heartbeatKept)
	c.tells(c.write(map[string]int{"ada": 1}), nil)
	c.write(map[string]int{"bob": 1})
	lost := c.lose(1)
	c.tells(c.write(map[string]int{"ada": 1}), lost)
}

// A batch in doubt that has arrived after all is no loss, nor hides one.
func TestWhatArrivesAfterAllIsNoLoss(t *testing.T) {
	t.Parallel()
	c := &counting{t: t, now: time.Now()}
	c.write(map[string]int{"ada": 2})
	c.batches, c.counts = append(c.batches, nil), append(c.counts, c.count()+5) // of which there was no answer
	c.tells(c.write(map[string]int{"bob": 1}), nil)
	lost := c.lose(2)
	c.tells(c.write(map[string]int{"eve": 1}), lost)
}
