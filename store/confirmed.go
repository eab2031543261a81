package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// maxConfirmed is how many places of a confirmed list are used: a user needs one in each batch. At 100 requests/s that is at
// least ten seconds, for as long as a Cluster needs by default to see that a master is cut off.
const maxConfirmed = 2048

// confirmed finds entries that Redis had confirmed and has no longer. For example, a replica has taken over that did not have
// them, or the server has started from an older file. Each batch adds the number of its entries to a count in Redis, which answers
// with the sum. A replica repeats what its master did, in the same order. So as many entries are missing in the logs as the
// count lacks.
//
// The count is the score of a member of a sorted set: the command that adds to a score also answers with it. So an application
// needs no right to read the key.
type confirmed struct {
	key       string
	slot      uint16 // of the key, on a Cluster
	inBatches bool   // on a Cluster: the count is no part of a transaction, so of the first batch that it lacks, some entries may be there
	refused   bool   // Redis does not let us count

	total     float64   // the count as Redis told it last; 0 before the first answer
	at        time.Time // when it did
	base      float64   // the count before the first batch
	prolonged time.Time // when the key last got its expiry
	counting  bool      // the batch that was counted last is not noted yet
	recent    []confirmedPart
	older     float64 // the count up to which it is not remembered whose entries were counted
}

// confirmedPart is what was written of one user in one batch.
type confirmedPart struct {
	count    float64 // after the batch
	username string
	turn     turn
	last     time.Time // when the newest of the requests was finished
	requests int
	lost     Gap // what the log lacks if Redis loses the part
}

// undone is the entries that Redis had confirmed and has no longer.
type undone struct {
	parts   []confirmedPart
	unnamed int // entries of which it is not known any more whose they were
}

// requests is how many there are, without markers.
func (u undone) requests() int {
	n := u.unnamed
	for i := range u.parts {
		n += u.parts[i].requests
	}
	return n
}

// asks reports whether there is anything to ask a server that may be another one.
func (c *confirmed) asks() bool { return c != nil && c.total > 0 && !c.refused }

// queue queues the counting of so many entries, or nothing where that is refused.
func (c *confirmed) queue(ctx context.Context, pipe redis.Pipeliner, entries int, now time.Time) *redis.FloatCmd {
	if c.refused {
		return nil
	}
	counted := redis.NewFloatCmd(ctx, "zadd", c.key, "incr", entries, "entries")
	_ = pipe.Process(ctx, counted) // as in command
	if now.Sub(c.prolonged) > heartbeatKept/4 || entries == 0 {
		command(ctx, pipe, "pexpire", c.key, heartbeatKept.Milliseconds())
		c.prolonged = now
	}
	return counted
}

// take takes the answer to the counting of so many entries. It returns which entries that were confirmed before are lost. If nothing
// was recorded for so long that the count may have expired, that can't be known, and take returns none.
func (c *confirmed) take(counted float64, entries int, now time.Time) undone {
	before, known := counted-float64(entries), c.total > 0 && now.Sub(c.at) < heartbeatKept/2
	if c.total == 0 {
		c.base = before
	}
	var lost undone
	if known {
		lost = c.lacking(before)
	} else {
		c.recent, c.older = nil, before
	}
	c.total, c.at, c.counting = counted, now, entries > 0
	return lost
}

// lacking returns the entries that a server with such a count does not have, and forgets them.
func (c *confirmed) lacking(count float64) (lost undone) {
	if count >= c.total {
		return undone{}
	}
	from, _ := slices.BinarySearchFunc(c.recent, count, func(p confirmedPart, count float64) int {
		if p.count <= count {
			return -1
		}
		return 1
	})
	lost.parts = slices.Clone(c.recent[from:])
	c.recent = c.recent[:from]
	for i := range lost.parts {
		if p := &lost.parts[i]; c.inBatches && p.count == lost.parts[0].count && count >= c.older {
			p.lost = p.lost.doubted()
		}
	}
	lost.unnamed = int(max(c.older-count, 0))
	c.older = min(c.older, count)
	return lost
}

// note remembers what was written of a batch, if its counting has been answered.
func (c *confirmed) note(batch []Entry) {
	if !c.counting {
		return
	}
	c.counting = false
	if len(c.recent)+len(batch) > maxConfirmed {
		half := len(c.recent) / 2
		c.older = c.recent[half].count
		for half < len(c.recent) && c.recent[half].count == c.older {
			half++
		}
		c.recent = append(c.recent[:0], c.recent[half:]...)
	}
	first := len(c.recent)
	for i := range batch {
		if e := &batch[i]; e.turn.verdict == isWritten {
			c.partOf(first, e).add(e)
		}
	}
}

// partOf returns the part of the user of an entry, behind those of earlier batches.
func (c *confirmed) partOf(first int, e *Entry) *confirmedPart {
	for i := first; i < len(c.recent); i++ {
		if c.recent[i].username == e.Username {
			return &c.recent[i]
		}
	}
	c.recent = append(c.recent, confirmedPart{count: c.total, username: strings.Clone(e.Username)}) // it may be part of a long text
	return &c.recent[len(c.recent)-1]
}

func (p *confirmedPart) add(e *Entry) {
	p.lost = p.lost.plus(lossOf(e, isDropped))
	if !e.OnlyGap() {
		p.requests++
	}
	p.turn, p.last = e.turn, e.Time
}
