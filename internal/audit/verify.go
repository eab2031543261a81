package audit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Report is the result of [Log.Verify].
type Report struct {
	Records     int64 // how many there are of what accounts did
	First, Last int64 // the lowest and the highest Seq of these; 0 without records
	FirstTime   time.Time
	LastTime    time.Time
	Attempts    int64 // how many there are of attempts

	// Checkpoint is the newest record and the newest attempt. Note it where people who can write to Redis can't write, and give
	// it to a later Verify: that proves that nothing before it was changed meanwhile.
	Checkpoint Checkpoint

	Breaks int    // how many places are wrong; 0 when both chains are whole
	Broken string // the first of them, as a sentence; empty without one

	// SinceTooOld says that the record of the given checkpoint is older than every one that is still to be kept, and AttemptTooOld
	// that its attempt is. It proves nothing then.
	SinceTooOld, AttemptTooOld bool
}

// OK reports whether nothing is wrong.
func (r Report) OK() bool { return r.Breaks == 0 }

// Verify looks at the whole log, as it is at the start of the call, for records that were altered,
// removed, inserted or moved. A checkpoint that is not zero must be in it. Records name the newest attempt that was there before
// them, which must be there, too. Verify takes some seconds for a full log. An error means that Redis or ctx failed, not that
// something is wrong with the log.
func (l *Log) Verify(ctx context.Context, since Checkpoint) (Report, error) {
	records, err := l.records.verify(ctx, "Record", since.Link, nil)
	if err != nil {
		return Report{}, fmt.Errorf("verify the audit log: %w", err)
	}
	attempts, err := l.attempts.verify(ctx, "Attempt", since.Attempt, records.named)
	if err != nil {
		return Report{}, fmt.Errorf("verify the audit log: %w", err)
	}
	report := records.report
	report.Attempts, report.Checkpoint.Attempt = attempts.report.Records, attempts.report.Checkpoint.Link
	report.Breaks += attempts.report.Breaks
	if report.Broken == "" {
		report.Broken = attempts.report.Broken
	}
	report.AttemptTooOld = attempts.report.SinceTooOld
	return report, nil
}

// verify looks at one ring. Its sentences call a record noun. The links must lead to a record of the ring, unless
// that is too old to be kept.
func (l *ring) verify(ctx context.Context, noun string, since Link, named map[int64]string) (*verification, error) {
	for {
		v, overtaken, err := l.tryVerify(ctx, noun, since, named)
		if err != nil || !overtaken {
			return v, err
		}
	}
}

// tryVerify is one try of verify. It is overtaken when newer records took the place of all that there were
// at its start, before it could read one.
func (l *ring) tryVerify(ctx context.Context, noun string, since Link, named map[int64]string) (v *verification, overtaken bool, err error) {
	at, _, err := l.snapshot(ctx)
	if err != nil {
		return nil, false, err
	}
	v = &verification{noun: noun, ring: l.name, since: since, links: named, named: make(map[int64]string), mayForget: l.mayForget, floor: func() (int64, error) { return l.floor(ctx) }}
	names, err := l.streams(ctx)
	if err != nil {
		return nil, false, err
	}
	for _, name := range names {
		last := "+"
		if name == l.stream {
			last = at.top
		} else {
			v.broken("The stream with the %ss until then was set aside as %s, because nothing could be added to it: somebody else has changed it.", strings.ToLower(noun), name)
		}
		if last == "" {
			continue
		}
		for message, err := range l.walk(ctx, name, last) {
			if err == nil {
				err = v.next(message)
			}
			if err != nil {
				return nil, false, err
			}
		}
	}
	err = v.finish(at)
	return v, at.top != "" && v.report.Records == 0 && v.report.OK(), err
}

// floor returns the number of the oldest record that must still be there now.
func (l *ring) floor(ctx context.Context) (int64, error) {
	now, newest, err := l.snapshot(ctx)
	head, _ := parsePosition(now.head) // finish says whether it can be read
	return min(max(head.oldest, newest.Oldest), l.mayForget(max(head.seq, newest.Seq))), err
}

// snapshot returns how the ring ends, at one moment, and its newest record. Keys that hold something else are as good as a
// head that can't be read, and an empty stream.
func (l *ring) snapshot(ctx context.Context) (logEnd, Record, error) {
	var head *redis.StringCmd
	var newest *redis.XMessageSliceCmd
	commands, err := l.client.TxPipelined(ctx, func(tx redis.Pipeliner) error {
		head = tx.Get(ctx, l.head)
		newest = tx.XRevRangeN(ctx, l.stream, "+", "-", 1)
		return nil
	})
	switch {
	case errors.Is(err, redis.Nil), redis.HasErrorPrefix(err, "WRONGTYPE"): // there is no head, or no stream
		err = newest.Err()
		if redis.HasErrorPrefix(err, "WRONGTYPE") {
			err = nil
		}
	case redis.HasErrorPrefix(err, "EXECABORT"): // which hides why, such as that the memory of Redis is full
		err = errors.Join(commands[0].Err(), commands[1].Err())
	}
	if err != nil {
		return logEnd{}, Record{}, err
	}
	end := logEnd{head: head.Val()}
	if redis.HasErrorPrefix(head.Err(), "WRONGTYPE") {
		end.head = "?"
	}
	if len(newest.Val()) == 0 {
		return end, Record{}, nil
	}
	top := newest.Val()[0]
	end.top = top.ID
	return end, recordOf(top), nil
}

// verification goes through a ring, record by record.
type verification struct {
	noun   string // what a record is called
	ring   string
	report Report
	since  Link
	links  map[int64]string      // hashes that the other ring names, by number
	named  map[int64]string      // hashes of the other ring that this one names, by number
	floor  func() (int64, error) // see [ring.floor]

	mayForget func(seq int64) int64 // see [ring.mayForget]

	last      Record // the one before
	sinceSeen bool
}

// broken notes that something is wrong.
func (v *verification) broken(format string, args ...any) {
	if v.report.Breaks++; v.report.Breaks == 1 {
		v.report.Broken = fmt.Sprintf(format, args...)
	}
}

// next looks at one entry. Its errors are Redis's.
func (v *verification) next(message redis.XMessage) error {
	r := recordOf(message)
	line, hash := lineOf(message)
	_, large := parseEntryID(message.ID)
	switch stated, err := decode(line, hash); {
	case large != nil:
		v.broken("What has the number %s is not a record of this log: it was put there by somebody else.", message.ID)
	case message.ID != entryID(r.Seq) || r.Action == Unreadable || err != nil || stated.Ring != v.ring:
		v.broken("What is in the place of %s %d is not a record of this log: it was put there or altered by somebody else.", strings.ToLower(v.noun), r.Seq)
	case hashOf([]byte(line)) != hash:
		v.broken("%s %d was altered: it does not have the hash that was written with it.", v.noun, r.Seq)
	case stated.Seq != r.Seq:
		v.broken("%s %d is in the place of %s %d: records were moved.", v.noun, stated.Seq, strings.ToLower(v.noun), r.Seq)
	case stated.Oldest > v.mayForget(r.Seq):
		v.broken("%s %d says that those before number %d are too old to be kept, and they are not: somebody else has written it.", v.noun, r.Seq, stated.Oldest)
	default:
		if err := v.follows(r); err != nil {
			return err
		}
	}
	if large != nil {
		return nil // no record follows it
	}
	v.count(r)
	v.compareLinks(r)
	if r.Seq == v.since.Seq {
		v.sinceSeen = true
		if r.Hash != v.since.Hash {
			v.broken("%s %d is not the one that was noted: it, or something before it, was replaced.", v.noun, r.Seq)
		}
	}
	return nil
}

// compareLinks compares a record with what the other ring says of it, and notes what it says of the other ring.
func (v *verification) compareLinks(r Record) {
	if hash, named := v.links[r.Seq]; named && hash != r.Hash {
		v.broken("%s %d is not the one that a record names: it, or something before it, was replaced.", v.noun, r.Seq)
	}
	if link, err := parseLink(r.Other); err == nil {
		v.named[link.Seq] = link.Hash
	}
}

// follows checks that a record, which is sound by itself, is the next one.
func (v *verification) follows(r Record) error {
	switch {
	case v.report.Records == 0 && r.Seq == 1:
		if r.Prev != "" {
			v.broken("%s 1 says that there was one before it.", v.noun)
		}
		return nil
	case v.last.Seq+1 == r.Seq && v.report.Records > 0:
		if r.Prev != v.last.Hash {
			v.broken("%s %d does not follow %s %d: one of them was replaced, or records between them are lost.", v.noun, r.Seq, strings.ToLower(v.noun), v.last.Seq)
		}
		return nil
	}
	// The missing records may have become too old since the walk began.
	floor, err := v.floor()
	if err != nil {
		return err
	}
	if missing := max(v.last.Seq+1, floor); missing < r.Seq {
		v.broken("%s missing.", v.records(missing, r.Seq-1))
	}
	return nil
}

func (v *verification) count(r Record) {
	if v.report.Records++; v.report.Records == 1 {
		v.report.First, v.report.FirstTime = r.Seq, r.Time
	}
	v.report.Last, v.report.LastTime = r.Seq, r.Time
	v.report.Checkpoint = Checkpoint{Link: Link{Seq: r.Seq, Hash: r.Hash}}
	v.last = r
}

// finish compares the end of the walk with the head that the log had at its beginning. Its errors are
// Redis's.
func (v *verification) finish(at logEnd) error {
	floor, err := v.floor()
	if err != nil {
		return err
	}
	head, err := parsePosition(at.head)
	missing := max(v.last.Seq+1, floor) // older ones have become too old since the walk began
	switch {
	case err != nil:
		v.broken("The note of where the log ends can't be read: it was altered.")
	case at.head == "" && v.report.Records > 0:
		v.broken("The note of where the log ends is missing: it, and maybe the newest records, were removed.")
	case missing <= head.seq && v.report.Records == 0:
		v.broken("%s missing: the log is empty.", v.records(missing, head.seq))
	case missing <= head.seq:
		v.broken("%s missing at the end.", v.records(missing, head.seq))
	case head.seq > v.last.Seq:
		// All records that the walk did not reach have become too old: newer ones took their place.
	case head.seq < v.last.Seq:
		v.broken("The log ends with %s %d, but there are records up to %d: they were added by somebody else, or the note of where the log ends was set back.", strings.ToLower(v.noun), head.seq, v.last.Seq)
	case head.hash != v.last.Hash:
		v.broken("%s %d, the newest, is not the one with which the log ends: it was replaced.", v.noun, head.seq)
	case head.oldest != v.last.Oldest && v.report.Records > 0:
		v.broken("The note of where the log ends and %s %d, the newest, disagree about what is to be kept: one of them was altered.", strings.ToLower(v.noun), head.seq)
	}
	last := max(v.last.Seq, head.seq)
	for seq := range v.links {
		if seq > last {
			v.broken("%s %d, which a record names, is missing.", v.noun, seq)
			break
		}
	}
	if v.since == (Link{}) || v.sinceSeen {
		return nil
	}
	switch {
	case v.since.Seq > last:
		v.broken("%s %d, which was noted, is missing: the log ends with %s %d now.", v.noun, v.since.Seq, strings.ToLower(v.noun), last)
	case v.since.Seq >= floor:
		v.broken("%s %d, which was noted, is missing.", v.noun, v.since.Seq)
	default:
		v.report.SinceTooOld = true
	}
	return nil
}

// records begins a sentence about the records from first to last.
func (v *verification) records(first, last int64) string {
	if first == last {
		return fmt.Sprintf("%s %d is", v.noun, first)
	}
	return fmt.Sprintf("%ss %d to %d are", v.noun, first, last)
}

// LooksWhole reports whether both chains end with the record that is noted as their last one, and no record before it is missing or too
// many. It counts records, and reads two of each chain, so it is as quick as a page. Only [Log.Verify] finds a record that was
// altered or put in another's place. An error means that Redis or ctx failed.
func (l *Log) LooksWhole(ctx context.Context) (bool, error) {
	for _, ring := range []*ring{l.records, l.attempts} {
		whole, err := ring.looksWhole(ctx)
		if err != nil {
			return false, fmt.Errorf("count the audit log: %w", err)
		}
		if !whole {
			return false, nil
		}
	}
	return true, nil
}

// looksWhole answers for one ring. Only the oldest records are ever dropped, so as many must be there as the numbers of the first one
// and the last one say.
func (l *ring) looksWhole(ctx context.Context) (bool, error) {
	var head *redis.StringCmd
	var count *redis.IntCmd
	var oldest, newest *redis.XMessageSliceCmd
	commands, err := l.client.TxPipelined(ctx, func(tx redis.Pipeliner) error {
		head, count = tx.Get(ctx, l.head), tx.XLen(ctx, l.stream)
		oldest, newest = tx.XRangeN(ctx, l.stream, "-", "+", 1), tx.XRevRangeN(ctx, l.stream, "+", "-", 1)
		return nil
	})
	switch {
	case errors.Is(err, redis.Nil): // there is no head
		return count.Val() == 0, nil
	case redis.HasErrorPrefix(err, "WRONGTYPE"):
		return false, nil
	case redis.HasErrorPrefix(err, "EXECABORT"): // which hides why
		return false, errors.Join(commands[0].Err(), commands[1].Err(), commands[2].Err(), commands[3].Err())
	case err != nil:
		return false, err
	}
	noted, err := parsePosition(head.Val())
	if err != nil || len(newest.Val()) == 0 {
		return false, nil
	}
	first, err := parseEntryID(oldest.Val()[0].ID)
	last := recordOf(newest.Val()[0])
	return err == nil && noted == positionOf(last) && first <= last.Oldest && count.Val() == last.Seq-first+1, nil
}
