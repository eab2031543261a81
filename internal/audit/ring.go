package audit

import (
	"context"
	"crypto/rand"
	_ "embed" // of the scripts
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// Scripts that change a ring. The first one adds one record and moves the head, both or neither, if the ring still ends where
// the caller thinks.
var (
	//go:embed append.lua
	appendScript string
	//go:embed set_aside.lua
	setAsideScript string
)

// ring is one of the two chains of the audit log. It keeps the newest records, in a stream of its own.
type ring struct {
	client       redis.UniversalClient
	name         string // as records have it
	head, stream string // keys
	other        string // key of the head of the other ring
	maxRecords   int64
	kept         int64 // how many of the newest every process keeps: one that keeps fewer is none of ours

	copy            func(line []byte) // gets what was written; nil = nobody
	adds, setsAside *redis.Script

	turn     chan struct{} // holds a token while a goroutine appends; it alone uses what follows
	end      logEnd        // how the ring ended when this process last heard of it
	known    position      // the furthest position that this process has seen
	otherEnd position      // where the other ring ended then
	unusable bool          // nothing can be added to the stream
}

func newRing(client redis.UniversalClient, name, head, stream, other string, maxRecords, usually int64) *ring {
	return &ring{
		client: client, name: name, head: head, stream: stream, other: other, maxRecords: maxRecords, kept: min(maxRecords, usually),
		adds: redis.NewScript(appendScript), setsAside: redis.NewScript(setAsideScript), turn: make(chan struct{}, 1),
	}
}

// append writes a record, behind those of other processes.
func (l *ring) append(ctx context.Context, r Record) (Record, error) {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return Record{}, ctx.Err()
	}
	r.ID = rand.Text()
	for attempt := range maxAttempts {
		if l.unusable {
			if err := l.setAside(ctx, r); err != nil {
				return Record{}, err
			}
		}
		written, ok, err := l.tryAppend(ctx, r)
		if err == nil && !ok {
			err = pause(ctx, attempt)
		}
		switch {
		case err != nil:
			return Record{}, err
		case ok:
			return written, nil
		}
	}
	return Record{}, errBusy
}

// tryAppend writes the record behind the end that this process knows of. It returns false when the
// ring ends elsewhere. Then the process has learnt where.
func (l *ring) tryAppend(ctx context.Context, r Record) (Record, bool, error) {
	r, line, err := l.follow(r)
	if err != nil {
		return Record{}, false, err
	}
	after := logEnd{head: positionOf(r).String(), top: entryID(r.Seq)}
	answer, err := l.adds.Run(ctx, l.client, []string{l.head, l.stream, l.other},
		l.end.head, l.end.top, after.head, after.top, strconv.FormatInt(l.maxRecords, 10), line, r.Hash,
	).StringSlice()
	if err != nil {
		return Record{}, false, err
	}
	if len(answer) != 4 {
		return Record{}, false, fmt.Errorf("an answer that is none: %q", answer)
	}
	if other, err := parsePosition(answer[3]); err == nil {
		l.otherEnd = other
	}
	found := logEnd{answer[1], answer[2]}
	// A client that sends a command again because the answer was lost finds its own record there.
	if answer[0] == "written" || found == after {
		l.learn(after)
		l.copied(r)
		return r, true, nil
	}
	l.learn(found)
	_, err = parseEntryID(found.top)
	l.unusable = answer[0] == "stuck" || found.top != "" && err != nil
	return Record{}, false, nil
}

// follow returns the record as the next one of the chain, and its line.
func (l *ring) follow(r Record) (next Record, line []byte, err error) {
	last := l.last()
	r.Ring, r.Seq, r.Prev = l.name, last.seq+1, last.hash
	r.Oldest = min(max(last.oldest, r.Seq-l.maxRecords+1, 1), l.mayForget(r.Seq)) // also where somebody has set the head forward
	r.Other = ""
	if l.otherEnd.seq > 0 {
		r.Other = Link{Seq: l.otherEnd.seq, Hash: l.otherEnd.hash}.String()
	}
	if line, err = r.encode(); err != nil {
		return Record{}, nil, err
	}
	r.Hash = hashOf(line)
	return r, line, nil
}

// setAside begins another stream with a record that says so, because nothing can be added to the one that is there. Somebody
// may have added the largest number that there is. Without this, nothing could be recorded any more, and so nobody could log in.
func (l *ring) setAside(ctx context.Context, at Record) error {
	r := Record{ID: rand.Text(), Time: at.Time, Action: StreamReplaced, Detail: "nothing could be added to the stream: its newest entry was " + l.end.top}.cleaned()
	r, line, err := l.follow(r)
	if err != nil {
		return err
	}
	after := logEnd{head: positionOf(r).String(), top: entryID(r.Seq)}
	done, err := l.setsAside.Run(ctx, l.client, slices.Concat([]string{l.head, l.stream}, asides(l.stream)),
		l.end.head, after.head, after.top, line, r.Hash).Int()
	if err != nil {
		return err
	}
	l.unusable = false
	if done == 1 {
		l.learn(after)
		l.copied(r)
	} // or else another process was faster, and the next attempt says where the ring ends
	return nil
}

// copied passes on a record that was written.
func (l *ring) copied(r Record) {
	if l.copy == nil {
		return
	}
	if line, err := r.MarshalJSON(); err == nil { // it was encoded before
		l.copy(append(line, '\n'))
	}
}

// learn notes how the ring ends.
func (l *ring) learn(found logEnd) {
	l.end = found
	if head, err := parsePosition(found.head); err == nil && head.seq > l.known.seq {
		l.known = head
	}
}

// last returns the position that the next record follows.
//
// Usually that is the head in Redis. There are two other cases. The ring may have lost records that this
// process knows to have been there: then the new record follows the lost ones. The ring may hold records
// that the head doesn't know of: then the new record is numbered after those. So nothing that is done to
// the log stops it, and everything leaves a break that [Log.Verify] finds.
func (l *ring) last() position {
	last, _ := parsePosition(l.end.head) // a head that can't be read is as good as none
	if l.known.seq >= last.seq {
		last = l.known
	}
	if top, err := parseEntryID(l.end.top); err == nil {
		last.seq = max(last.seq, top)
	}
	return last
}

// mayForget is the number before which records may be missing where the newest one has the number seq.
func (l *ring) mayForget(seq int64) int64 { return max(seq-l.kept+1, 1) }

// streams are the names of the streams that the ring has, the oldest first.
func (l *ring) streams(ctx context.Context) ([]string, error) {
	all := append(asides(l.stream), l.stream)
	found := make([]*redis.IntCmd, len(all))
	_, err := l.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, name := range all {
			found[i] = p.Exists(ctx, name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var names []string
	for i, name := range all {
		if found[i].Val() > 0 {
			names = append(names, name)
		}
	}
	return names, nil
}
