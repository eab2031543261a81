package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Report is the result of [Log.Verify].
type Report struct {
	Records     int64 // how many there are
	First, Last int64 // the lowest and the highest Seq; 0 without records
	FirstTime   time.Time
	LastTime    time.Time

	// Checkpoint is the newest record. Note it where people who can write to Redis can't write, and give
	// it to a later Verify: that proves that nothing before it was changed meanwhile.
	Checkpoint Checkpoint

	Breaks int    // how many places are wrong; 0 when the chain is whole
	Broken string // the first of them, as a sentence; empty without one

	// SinceTooOld says that the given checkpoint is older than every record that is still to be kept. It
	// proves nothing then.
	SinceTooOld bool
}

// OK reports whether nothing is wrong.
func (r Report) OK() bool { return r.Breaks == 0 }

// Verify looks at the whole log, as it is at the start of the call, for records that were altered,
// removed, inserted or moved. A checkpoint that is not zero must be in the chain. Verify takes some
// seconds for a full log. An error means that Redis or ctx failed, not that something is wrong with the
// log.
func (l *Log) Verify(ctx context.Context, since Checkpoint) (Report, error) {
	for {
		report, overtaken, err := l.verify(ctx, since)
		switch {
		case err != nil:
			return Report{}, fmt.Errorf("verify the audit log: %w", err)
		case !overtaken:
			return report, nil
		}
	}
}

// verify is one try of Verify. It is overtaken when newer records took the place of all that there were
// at its start, before it could read one.
func (l *Log) verify(ctx context.Context, since Checkpoint) (report Report, overtaken bool, err error) {
	at, _, err := l.snapshot(ctx)
	if err != nil {
		return Report{}, false, err
	}
	v := verification{since: since, floor: func() (int64, error) { return l.floor(ctx) }}
	if at.top != "" {
		for message, err := range l.walk(ctx, at.top) {
			if err == nil {
				err = v.next(message)
			}
			if err != nil {
				return Report{}, false, err
			}
		}
	}
	err = v.finish(at)
	return v.report, at.top != "" && v.report.Records == 0 && v.report.OK(), err
}

// floor returns the number of the oldest record that must still be there now.
func (l *Log) floor(ctx context.Context) (int64, error) {
	now, newest, err := l.snapshot(ctx)
	head, _ := parsePosition(now.head) // finish says whether it can be read
	return max(head.oldest, newest.Oldest), err
}

// snapshot returns how the log ends, at one moment, and its newest record.
func (l *Log) snapshot(ctx context.Context) (logEnd, Record, error) {
	var head *redis.StringCmd
	var newest *redis.XMessageSliceCmd
	commands, err := l.client.TxPipelined(ctx, func(tx redis.Pipeliner) error {
		head = tx.Get(ctx, l.head)
		newest = tx.XRevRangeN(ctx, l.stream, "+", "-", 1)
		return nil
	})
	switch {
	case errors.Is(err, redis.Nil): // there is no head
		err = newest.Err()
	case redis.HasErrorPrefix(err, "EXECABORT"): // which hides why, such as that the memory of Redis is full
		err = errors.Join(commands[0].Err(), commands[1].Err())
	}
	if err != nil {
		return logEnd{}, Record{}, err
	}
	if len(newest.Val()) == 0 {
		return logEnd{head: head.Val()}, Record{}, nil
	}
	top := newest.Val()[0]
	return logEnd{head: head.Val(), top: top.ID}, recordOf(top), nil
}

// verification goes through the log, record by record.
type verification struct {
	report Report
	since  Checkpoint
	floor  func() (int64, error) // see [Log.floor]

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
	switch stated, err := decode(line, hash); {
	case message.ID != entryID(r.Seq) || r.Action == Unreadable || err != nil:
		v.broken("What is in the place of record %d is not a record of this log: it was put there or altered by somebody else.", r.Seq)
	case hashOf([]byte(line)) != hash:
		v.broken("Record %d was altered: it does not have the hash that was written with it.", r.Seq)
	case stated.Seq != r.Seq:
		v.broken("Record %d is in the place of record %d: records were moved.", stated.Seq, r.Seq)
	default:
		if err := v.follows(r); err != nil {
			return err
		}
	}
	v.count(r)
	if r.Seq == v.since.Seq {
		v.sinceSeen = true
		if r.Hash != v.since.Hash {
			v.broken("Record %d is not the one that was noted: it, or something before it, was replaced.", r.Seq)
		}
	}
	return nil
}

// follows checks that a record, which is sound by itself, is the next one.
func (v *verification) follows(r Record) error {
	switch {
	case v.report.Records == 0 && r.Seq == 1:
		if r.Prev != "" {
			v.broken("Record 1 says that there was one before it.")
		}
		return nil
	case v.last.Seq+1 == r.Seq && v.report.Records > 0:
		if r.Prev != v.last.Hash {
			v.broken("Record %d does not follow record %d: one of them was replaced, or records between them are lost.", r.Seq, v.last.Seq)
		}
		return nil
	}
	// The missing records may have become too old since the walk began.
	floor, err := v.floor()
	if err != nil {
		return err
	}
	if missing := max(v.last.Seq+1, floor); missing < r.Seq {
		v.broken("%s missing.", records(missing, r.Seq-1))
	}
	return nil
}

func (v *verification) count(r Record) {
	if v.report.Records++; v.report.Records == 1 {
		v.report.First, v.report.FirstTime = r.Seq, r.Time
	}
	v.report.Last, v.report.LastTime = r.Seq, r.Time
	v.report.Checkpoint = Checkpoint{Seq: r.Seq, Hash: r.Hash}
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
		v.broken("%s missing: the log is empty.", records(missing, head.seq))
	case missing <= head.seq:
		v.broken("%s missing at the end.", records(missing, head.seq))
	case head.seq > v.last.Seq:
		// All records that the walk did not reach have become too old: newer ones took their place.
	case head.seq < v.last.Seq:
		v.broken("The log ends with record %d, but there are records up to %d: they were added by somebody else, or the note of where the log ends was set back.", head.seq, v.last.Seq)
	case head.hash != v.last.Hash:
		v.broken("Record %d, the newest, is not the one with which the log ends: it was replaced.", head.seq)
	case head.oldest != v.last.Oldest && v.report.Records > 0:
		v.broken("The note of where the log ends and record %d, the newest, disagree about what is to be kept: one of them was altered.", head.seq)
	}
	if v.since == (Checkpoint{}) || v.sinceSeen {
		return nil
	}
	switch last := max(v.last.Seq, head.seq); {
	case v.since.Seq > last:
		v.broken("Record %d, which was noted, is missing: the log ends with record %d now.", v.since.Seq, last)
	case v.since.Seq >= floor:
		v.broken("Record %d, which was noted, is missing.", v.since.Seq)
	default:
		v.report.SinceTooOld = true
	}
	return nil
}

// records begins a sentence about the records from first to last.
func records(first, last int64) string {
	if first == last {
		return fmt.Sprintf("Record %d is", first)
	}
	return fmt.Sprintf("Records %d to %d are", first, last)
}
