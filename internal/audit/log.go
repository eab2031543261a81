package audit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// How many records are kept unless [Options] say otherwise: some 60 MB in Redis. A record that is missing although so many are kept was
// removed by somebody else: a version that keeps fewer would have its logs called broken.
const (
	DefaultMaxRecords  = 100_000
	DefaultMaxAttempts = 20_000
)

const (
	appendTimeout = 2 * time.Second
	// maxAttempts bounds how often an append starts again because another process was quicker. The other
	// process has written a record each time, so this does not go on for long.
	maxAttempts = 100
	maxBackoff  = 20 * time.Millisecond
)

// errBusy is returned when other processes were quicker maxAttempts times in a row.
var errBusy = errors.New("too many processes write to the audit log at once")

// Options say how the audit log is kept. The zero value is right for most.
type Options struct {
	// MaxRecords is how many records are kept of what accounts do; older ones are removed. All processes that write to one
	// log should agree on it. Default: [DefaultMaxRecords], also below 1.
	MaxRecords int64

	// MaxAttempts is the same for attempts, such as failed logins. Default: [DefaultMaxAttempts], also below 1.
	MaxAttempts int64

	// Copy gets each record that this Log has written, as a line of JSON that ends with its hash and a line end. It is called in the order
	// in which records are written, one call at a time for each ring, and must not block. Default: nil.
	Copy func(line []byte)

	// Now tells the time. Default: time.Now.
	Now func() time.Time
}

// Log is the audit log in a Redis. It has two rings, so that strangers, whose attempts are in one of them, can't push out
// what accounts do. Any number of processes may write to one log. All methods may be called from several goroutines.
type Log struct {
	client            redis.UniversalClient
	records, attempts *ring
	now               func() time.Time

	counting sync.Mutex
	appended map[Action]uint64
	failed   uint64

	appendTimeout, readTimeout time.Duration // the constants, but for tests
}

// New returns the audit log that client's Redis holds. It doesn't connect, and doesn't close
// client, which must honour the deadlines of contexts, as [store.Store.Client] does.
func New(client redis.UniversalClient, keys Keys, options Options) *Log {
	if options.MaxRecords < 1 {
		options.MaxRecords = DefaultMaxRecords
	}
	if options.MaxAttempts < 1 {
		options.MaxAttempts = DefaultMaxAttempts
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	l := &Log{
		client: client, now: options.Now, appended: make(map[Action]uint64), appendTimeout: appendTimeout, readTimeout: readTimeout,
		records:  newRing(client, "", keys.Head(), keys.Records(), keys.AttemptsHead(), options.MaxRecords, DefaultMaxRecords),
		attempts: newRing(client, Attempts, keys.AttemptsHead(), keys.Attempts(), keys.Head(), options.MaxAttempts, DefaultMaxAttempts),
	}
	l.records.copy, l.attempts.copy = options.Copy, options.Copy
	return l
}

// Attempts is the Ring of records about attempts: what strangers can do without an account, and what accounts were refused. A host
// may have many accounts that may do nothing here.
const Attempts = "attempts"

// ringOf is where a record is kept.
func (l *Log) ringOf(r Record) *ring {
	switch r.Action {
	case LoginFailed, SecondFactorAsked, Refused:
		return l.attempts
	}
	return l.records
}

// Append fills in a record's Seq, ID, Time, Ring, Other, Oldest, Prev and Hash, makes its texts harmless, writes it
// and returns it as it was written. It returns within about two seconds. After an error the record is
// usually not in the log, but may be: Redis may have died with the answer. It is never there in part.
func (l *Log) Append(ctx context.Context, r Record) (Record, error) {
	ctx, cancel := context.WithTimeout(ctx, l.appendTimeout)
	defer cancel()
	r = r.cleaned()
	r.Time = l.now().UTC().Truncate(time.Millisecond)
	written, err := l.ringOf(r).append(ctx, r)
	l.count(r.Action, err)
	if err != nil {
		return Record{}, fmt.Errorf("append to the audit log: %w", err)
	}
	return written, nil
}

// count notes what became of a record.
func (l *Log) count(a Action, err error) {
	l.counting.Lock()
	defer l.counting.Unlock()
	if err != nil {
		l.failed++
		return
	}
	l.appended[a]++
}

// Counts returns how many records this process has written, by their action, and how many it could not write.
func (l *Log) Counts() (appended map[Action]uint64, failed uint64) {
	l.counting.Lock()
	defer l.counting.Unlock()
	return maps.Clone(l.appended), l.failed
}

// pause waits a random moment, so that processes don't collide again. Further attempts wait longer. It
// returns ctx's error.
func pause(ctx context.Context, attempt int) error {
	if attempt == 0 {
		return ctx.Err() // the first is how a process learns where the log ends
	}
	timer := time.NewTimer(mathrand.N(min(time.Duration(attempt)*time.Millisecond, maxBackoff)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Keys spells every key of this package in Redis; no other file does. Prefix begins each of them:
// it is the store's. The keys share a hash tag, because a script that writes two needs them on one
// node of a Cluster. And a replica that lacks the newest record lacks what was noted after it, too.
type Keys struct{ Prefix string }

// Records is the STREAM of the audit log, an entry a record.
func (k Keys) Records() string { return k.Prefix + "{audit}:records" }

// Types are the keys that there is one of, and what Redis' TYPE says of each.
func (k Keys) Types() map[string]string {
	return map[string]string{
		k.Records(): "stream", k.Head(): "string", k.Attempts(): "stream", k.AttemptsHead(): "string",
		k.Viewings(): "hash", k.ViewingsSeen(): "zset",
	}
}

// asides are where the streams of a ring are set aside to which nothing could be added, the oldest first.
func asides(stream string) []string {
	return []string{stream + ":aside:1", stream + ":aside:2", stream + ":aside:3"}
}

// Head is the STRING that says where the audit log ends. It holds the newest record's number and
// hash and the number of the oldest record that is to be there, with colons between them.
func (k Keys) Head() string { return k.Prefix + "{audit}:head" }

// Attempts is the STREAM of the ring of attempts, an entry a record.
func (k Keys) Attempts() string { return k.Prefix + "{audit}:attempts" }

// AttemptsHead is the STRING that says where the ring of attempts ends, as [Keys.Head] does for the records.
func (k Keys) AttemptsHead() string { return k.Prefix + "{audit}:attempts:head" }

// Viewings is the HASH of the viewings that are under way: id → time of the first note in Unix milliseconds, and the viewing as
// JSON.
func (k Keys) Viewings() string { return k.Prefix + "{audit}:viewings" }

// ViewingsSeen is the ZSET of the same ids → last sign of life, in Unix milliseconds by Redis' clock.
func (k Keys) ViewingsSeen() string { return k.Prefix + "{audit}:viewings:seen" }
