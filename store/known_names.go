package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/nametable"
)

const (
	knownFor     = time.Second      // a search reads the names again if the last reading is older than this
	knownUnused  = 15 * time.Minute // names are given up if nobody has searched for so long
	knownOverlap = 10 * time.Second // each reading repeats so much of the time before, since clocks differ and batches wait
	knownAtOnce  = 2000             // names read from a part by one command, which takes Redis a millisecond
)

// knownNames keeps a copy of the user index in memory while somebody searches, because Redis finds beginnings of names only. The
// first search reads all users, and later ones those who were seen since.
type knownNames struct {
	index     *indexReader
	retention time.Duration
	now       func() time.Time
	ctx       context.Context // ends with the store
	cancel    context.CancelFunc

	mu      sync.Mutex
	table   *nametable.Table
	synced  map[string]time.Time // by set, when the last reading of it began that succeeded; of the goroutine that reads
	reading *reading             // under way, or the last one
	unused  *time.Timer
	closed  bool
	running sync.WaitGroup
}

// errUnread says that names are still being read.
var errUnread = errors.New("store: names are still being read")

// reading reads the names that are new. Its results may be read when done is closed.
type reading struct {
	began time.Time
	done  chan struct{}
	err   error // may be ErrPartial
}

func newKnownNames(index *indexReader, retention time.Duration, now func() time.Time) *knownNames {
	k := &knownNames{index: index, retention: retention, now: now, table: nametable.New(), synced: make(map[string]time.Time)}
	k.ctx, k.cancel = context.WithCancel(context.Background())
	return k
}

// names returns the names, and a reading that began at the time since or later. If an earlier reading is still under way, it returns
// that one.
func (k *knownNames) names(since time.Time) (*nametable.Table, *reading) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		done := make(chan struct{})
		close(done)
		return k.table, &reading{began: since, done: done, err: ErrClosed}
	}
	k.use()
	if r := k.reading; r == nil || isDone(r.done) && (r.err != nil || r.began.Before(since)) {
		k.reading = &reading{began: time.Now(), done: make(chan struct{})}
		r, table, synced := k.reading, k.table, k.synced
		k.running.Go(func() { k.read(r, table, synced) })
	}
	return k.table, k.reading
}

// wait returns the names once they include all users who were seen before the time since. If ctx ends first, it returns the names
// that are there, and errUnread. If a part of the index can't be read, the error is ErrPartial.
func (k *knownNames) wait(ctx context.Context, since time.Time) (*nametable.Table, error) {
	for {
		names, r := k.names(since)
		select {
		case <-ctx.Done():
			return names, errUnread
		case <-r.done:
		}
		if r.err != nil || !r.began.Before(since) {
			return names, r.err
		}
	}
}

// use has the names given up later.
func (k *knownNames) use() {
	if k.unused == nil {
		k.unused = time.AfterFunc(knownUnused, k.giveUp)
		return
	}
	k.unused.Reset(knownUnused)
}

// giveUp forgets all names. A reading under way fills a table that nobody uses.
func (k *knownNames) giveUp() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.table, k.synced, k.reading, k.unused = nametable.New(), make(map[string]time.Time), nil, nil
}

// close ends a reading, and waits for it.
func (k *knownNames) close() {
	k.cancel()
	k.mu.Lock()
	k.closed = true
	if k.unused != nil {
		k.unused.Stop()
	}
	k.mu.Unlock()
	k.running.Wait()
}

// read reads the users who were seen since the reading before. The first reading reads all users.
func (k *knownNames) read(r *reading, table *nametable.Table, synced map[string]time.Time) {
	defer close(r.done)
	began := k.now()
	oldest := began.Add(-k.retention)
	var parts []*partReading
	for _, part := range k.index.parts(k.ctx, nil) {
		set, since := part.Users(part.number), oldest
		if before := synced[set].Add(-knownOverlap); before.After(since) {
			since = before
		}
		parts = append(parts, &partReading{set: set, from: since.UnixMilli()})
	}
	r.err = k.readParts(table, parts)
	table.Compact(oldest)
	for _, part := range parts {
		if part.ended && part.err == nil {
			synced[part.set] = began
		}
	}
}

// readParts reads parts to their ends, some thousand users of each at a time.
func (k *knownNames) readParts(table *nametable.Table, parts []*partReading) error {
	var partial error
	for left := parts; len(left) > 0; left = unread(left) {
		err := k.readNext(table, left)
		if err != nil && !errors.Is(err, ErrPartial) {
			return err
		}
		partial = cmp.Or(err, partial)
	}
	return partial
}

// unread are the parts that have not been read to their ends.
func unread(parts []*partReading) []*partReading {
	return slices.DeleteFunc(slices.Clone(parts), func(part *partReading) bool { return part.ended })
}

// partReading is how far a part has been read: by when users were seen.
type partReading struct {
	set   string
	from  int64 // the next score, in Unix milliseconds
	skip  int64 // users of that score who have been read
	ended bool
	err   error
}

// readNext reads the next users of each part.
func (k *knownNames) readNext(table *nametable.Table, parts []*partReading) error {
	ctx, cancel := context.WithTimeout(k.ctx, readTimeout)
	defer cancel()
	pipe := k.index.client.Pipeline()
	reads := make([]*redis.ZSliceCmd, len(parts))
	for i, part := range parts {
		reads[i] = pipe.ZRangeByScoreWithScores(ctx, part.set, &redis.ZRangeBy{
			Min: fmt.Sprint(part.from), Max: "+inf", Offset: part.skip, Count: knownAtOnce,
		})
	}
	err := execParts(ctx, pipe)
	if err != nil && !errors.Is(err, ErrPartial) {
		return err
	}
	for i, read := range reads {
		if !isAnswered(read) {
			parts[i].err = read.Err()
		}
		parts[i].take(read.Val())
		table.Put(namesOf(read.Val()))
	}
	return err
}

// take notes that users have been read. Fewer than were asked for are the last.
func (p *partReading) take(users []redis.Z) {
	p.ended = len(users) < knownAtOnce
	for _, z := range users {
		if at := int64(z.Score); at != p.from {
			p.from, p.skip = at, 0
		}
		p.skip++
	}
}

func namesOf(users []redis.Z) []nametable.Name {
	names := make([]nametable.Name, 0, len(users))
	for _, z := range users {
		username, _ := z.Member.(string)
		if CheckUsername(username) == nil {
			names = append(names, nametable.Name{Username: username, Folded: looseName(username), Seen: time.UnixMilli(int64(z.Score))})
		}
	}
	return names
}

func isDone(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}
