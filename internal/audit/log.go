package audit

import (
	"context"
	"crypto/rand"
	_ "embed" // of the script
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// DefaultMaxRecords is how many records are kept unless [Options] say otherwise: some 50 MB in Redis.
const DefaultMaxRecords = 100_000

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
	// MaxRecords is how many records are kept; older ones are removed. All processes that write to one
	// log should agree on it. Default: [DefaultMaxRecords], also below 1.
	MaxRecords int64

	// Now tells the time. Default: time.Now.
	Now func() time.Time
}

// Log is the audit log in a Redis. Any number of processes may write to one. All methods may be
// called from several goroutines.
type Log struct {
	client     redis.UniversalClient
	head       string // key
	stream     string // key
	maxRecords int64
	now        func() time.Time
	script     *redis.Script

	appendTimeout, readTimeout time.Duration // the constants, but for tests

	turn  chan struct{} // holds a token while a goroutine appends; it alone uses what follows
	end   logEnd        // how the log ended when this process last heard of it
	known position      // the furthest position that this process has seen
}

// New returns the audit log that client's Redis holds. It doesn't connect, and doesn't close
// client, which must honour the deadlines of contexts, as [store.Store.Client] does.
func New(client redis.UniversalClient, keys Keys, options Options) *Log {
	if options.MaxRecords < 1 {
		options.MaxRecords = DefaultMaxRecords
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Log{
		client: client, head: keys.Head(), stream: keys.Records(),
		maxRecords: options.MaxRecords, now: options.Now, script: redis.NewScript(appendScript),
		appendTimeout: appendTimeout, readTimeout: readTimeout, turn: make(chan struct{}, 1),
	}
}

// appendScript adds one record and moves the head, both or neither, if the log still ends where the
// caller thinks.
//
//go:embed append.lua
var appendScript string

// Append fills in a record's Seq, ID, Time, Oldest, Prev and Hash, makes its texts harmless, writes it
// and returns it as it was written. It returns within about two seconds. After an error the record is
// usually not in the log, but may be: Redis may have died with the answer. It is never there in part.
func (l *Log) Append(ctx context.Context, r Record) (Record, error) {
	ctx, cancel := context.WithTimeout(ctx, l.appendTimeout)
	defer cancel()
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return Record{}, fmt.Errorf("append to the audit log: %w", ctx.Err())
	}
	r = r.cleaned()
	r.ID = rand.Text()
	r.Time = l.now().UTC().Truncate(time.Millisecond)
	for attempt := range maxAttempts {
		written, ok, err := l.tryAppend(ctx, r)
		if err == nil && !ok {
			err = pause(ctx, attempt)
		}
		switch {
		case err != nil:
			return Record{}, fmt.Errorf("append to the audit log: %w", err)
		case ok:
			return written, nil
		}
	}
	return Record{}, fmt.Errorf("append to the audit log: %w", errBusy)
}

// tryAppend writes the record behind the end that this process knows of. It returns false when the
// log ends elsewhere. Then the process has learnt where.
func (l *Log) tryAppend(ctx context.Context, r Record) (Record, bool, error) {
	last := l.last()
	r.Seq, r.Prev = last.seq+1, last.hash
	r.Oldest = max(last.oldest, r.Seq-l.maxRecords+1, 1)
	line, err := r.encode()
	if err != nil {
		return Record{}, false, err
	}
	r.Hash = hashOf(line)
	after := logEnd{head: positionOf(r).String(), top: entryID(r.Seq)}
	found, err := l.script.Run(ctx, l.client, []string{l.head, l.stream},
		l.end.head, l.end.top, after.head, after.top, strconv.FormatInt(l.maxRecords, 10), line, r.Hash,
	).StringSlice()
	if err != nil {
		return Record{}, false, err
	}
	// A client that sends a command again because the answer was lost finds its own record there.
	if len(found) == 2 && (logEnd{found[0], found[1]}) != after {
		l.learn(logEnd{found[0], found[1]})
		return Record{}, false, nil
	}
	l.learn(after)
	return r, true, nil
}

// learn notes how the log ends.
func (l *Log) learn(found logEnd) {
	l.end = found
	if head, err := parsePosition(found.head); err == nil && head.seq > l.known.seq {
		l.known = head
	}
}

// last returns the position that the next record follows.
//
// Usually that is the head in Redis. There are two other cases. The log may have lost records that this
// process knows to have been there: then the new record follows the lost ones. The log may hold records
// that the head doesn't know of: then the new record is numbered after those. So nothing that is done to
// the log stops it, and everything leaves a break that [Log.Verify] finds.
func (l *Log) last() position {
	last, _ := parsePosition(l.end.head) // a head that can't be read is as good as none
	if l.known.seq >= last.seq {
		last = l.known
	}
	if top, err := parseEntryID(l.end.top); err == nil {
		last.seq = max(last.seq, top)
	}
	return last
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

// Head is the STRING that says where the audit log ends. It holds the newest record's number and
// hash and the number of the oldest record that is to be there, with colons between them.
func (k Keys) Head() string { return k.Prefix + "{audit}:head" }

// Viewings is the HASH of the viewings that are under way: id → time of the first note in Unix milliseconds, and the viewing as
// JSON.
func (k Keys) Viewings() string { return k.Prefix + "{audit}:viewings" }

// ViewingsSeen is the ZSET of the same ids → last sign of life, in Unix milliseconds by Redis' clock.
func (k Keys) ViewingsSeen() string { return k.Prefix + "{audit}:viewings:seen" }
