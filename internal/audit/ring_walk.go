package audit

import (
	"context"
	"iter"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// walker goes through a ring, record by record. Stop it.
type walker struct {
	next func() (Record, error, bool)
	stop func()

	peeked bool
	r      Record
	err    error
	found  bool

	place int64 // the number of the record that was taken last, or below which the walk began
}

func walkerOf(records iter.Seq2[Record, error], place int64) *walker {
	w := &walker{place: place}
	w.next, w.stop = iter.Pull2(records)
	return w
}

// peek returns the next record without taking it, or false where there is none.
func (w *walker) peek() (Record, bool, error) {
	if !w.peeked {
		w.peeked = true
		w.r, w.err, w.found = w.next()
	}
	return w.r, w.found, w.err
}

// take takes the record that was peeked at. The place of a walk through what somebody else has put there never goes up.
func (w *walker) take() Record {
	w.peeked = false
	if w.r.Seq > 0 && (w.place == 0 || w.r.Seq < w.place) {
		w.place = w.r.Seq
	}
	return w.r
}

// newest takes the newer one of the next records of two walks backwards. A walk that is over has the place 1, below which there
// is nothing.
func newest(a, b *walker) (Record, bool, error) {
	return choose(a, b, func(r, other Record) bool { return !r.Time.Before(other.Time) })
}

// oldest takes the older one of the next records of two walks forwards.
func oldest(a, b *walker) (Record, bool, error) {
	return choose(a, b, func(r, other Record) bool { return !r.Time.After(other.Time) })
}

func choose(a, b *walker, first func(r, other Record) bool) (Record, bool, error) {
	r, ofA, err := a.peek()
	if err != nil {
		return Record{}, false, err
	}
	other, ofB, err := b.peek()
	switch {
	case err != nil:
		return Record{}, false, err
	case !ofA && !ofB:
		return Record{}, false, nil
	}
	for _, w := range []*walker{a, b} {
		if !w.found {
			w.place = 1
		}
	}
	// A record that can't be read has no time. It keeps its place in its ring.
	if ofA && (!ofB || r.Time.IsZero() || !other.Time.IsZero() && first(r, other)) {
		return a.take(), true, nil
	}
	return b.take(), true, nil
}

// backwards walks from the newest record that is before a number, 0 for the newest of all.
func (l *ring) backwards(ctx context.Context, before int64) *walker {
	start := "+"
	if before > 0 {
		start = strconv.FormatInt(before-1, 10)
	}
	return walkerOf(func(yield func(Record, error) bool) {
		names, err := l.streams(ctx)
		if err != nil {
			yield(Record{}, err)
			return
		}
		slices.Reverse(names)
		for _, name := range names {
			read := func(from string) ([]redis.XMessage, error) {
				return l.client.XRevRangeN(ctx, name, from, "-", chunkSize).Result()
			}
			if !yieldRecords(read, start, yield) {
				return
			}
		}
	}, before)
}

// forwards walks from the oldest record to the one that is the newest now.
func (l *ring) forwards(ctx context.Context) *walker {
	return walkerOf(func(yield func(Record, error) bool) {
		names, err := l.streams(ctx)
		if err != nil {
			yield(Record{}, err)
			return
		}
		newest, err := l.client.XRevRangeN(ctx, l.stream, "+", "-", 1).Result()
		if err != nil && !redis.HasErrorPrefix(err, "WRONGTYPE") {
			yield(Record{}, err)
			return
		}
		for _, name := range names {
			last := "+"
			if name == l.stream && len(newest) > 0 {
				last = newest[0].ID
			}
			for message, err := range l.walk(ctx, name, last) {
				if !yield(recordOf(message), err) || err != nil {
					return
				}
			}
		}
	}, 0)
}

// yieldRecords yields what read returns, chunk by chunk, and reports whether to go on. A stream that is none is passed over.
func yieldRecords(read func(from string) ([]redis.XMessage, error), start string, yield func(Record, error) bool) bool {
	for {
		messages, err := read(start)
		if redis.HasErrorPrefix(err, "WRONGTYPE") {
			return true
		}
		if err != nil {
			yield(Record{}, err)
			return false
		}
		for _, message := range messages {
			if !yield(recordOf(message), nil) {
				return false
			}
		}
		if len(messages) < chunkSize {
			return true
		}
		start = "(" + messages[chunkSize-1].ID
	}
}

// walk returns a stream's entries, oldest first, up to the one with the id last. A stream that is none has no entries.
func (l *ring) walk(ctx context.Context, stream, last string) iter.Seq2[redis.XMessage, error] {
	return func(yield func(redis.XMessage, error) bool) {
		for start := "-"; ; {
			messages, err := l.client.XRangeN(ctx, stream, start, last, chunkSize).Result()
			if redis.HasErrorPrefix(err, "WRONGTYPE") {
				return
			}
			if err != nil {
				yield(redis.XMessage{}, err)
				return
			}
			for _, message := range messages {
				if !yield(message, nil) {
					return
				}
			}
			if len(messages) < chunkSize {
				return
			}
			start = "(" + messages[chunkSize-1].ID
		}
	}
}
