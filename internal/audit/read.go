package audit

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"
)

const (
	chunkSize = 500 // records that are read from Redis at once
	// maxScan is how many records one [Log.Read] looks at: about a tenth of a second.
	maxScan     = 10_000
	readTimeout = 5 * time.Second
)

// Place is where reading goes on: with records and attempts whose numbers are less. The zero Place is the newest.
type Place struct{ Record, Attempt int64 }

// String returns the form that [ParsePlace] reads: the two numbers with a dot between them, or "" for the newest.
func (p Place) String() string {
	if p == (Place{}) {
		return ""
	}
	return strconv.FormatInt(p.Record, 10) + "." + strconv.FormatInt(p.Attempt, 10)
}

// ParsePlace reads a place. A text that is no place stands for the newest.
func ParsePlace(text string) Place {
	record, attempt, _ := strings.Cut(text, ".")
	return Place{parsePlace(record), parsePlace(attempt)}
}

// parsePlace reads a number, 0 for what is none.
func parsePlace(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return max(n, 0)
}

// Excerpt is a part of the log.
type Excerpt struct {
	Records []Record // newest first
	// Next is the place to give [Log.Read], to go on with older records. It is zero when all have
	// been looked at. An excerpt may have fewer records than were asked for, or none, and a Next all the
	// same, because a call looks at no more than 10,000 records.
	Next Place
}

// Read returns records that match, newest first: up to limit of them, 1 at least. They are older than a place. Records and
// attempts stand in the order of their times. Read returns within about five seconds.
func (l *Log) Read(ctx context.Context, filter Filter, before Place, limit int) (Excerpt, error) {
	ctx, cancel := context.WithTimeout(ctx, l.readTimeout)
	defer cancel()
	limit = max(limit, 1)
	var excerpt Excerpt
	records, attempts := l.records.backwards(ctx, before.Record), l.attempts.backwards(ctx, before.Attempt)
	defer records.stop()
	defer attempts.stop()
	for range maxScan {
		r, found, err := newest(records, attempts)
		switch {
		case err != nil:
			return Excerpt{}, fmt.Errorf("read the audit log: %w", err)
		case !found:
			return Excerpt{Records: excerpt.Records}, nil
		case !filter.matches(r):
			continue
		case len(excerpt.Records) == limit:
			return excerpt, nil // Next is behind the last one that was taken
		}
		excerpt.Records = append(excerpt.Records, r)
		excerpt.Next = Place{records.place, attempts.place}
	}
	excerpt.Next = Place{records.place, attempts.place}
	return excerpt, nil
}

// All returns every record that matches, oldest first, for exports. Records and attempts stand in the order of their times. It
// reads as it goes, a few hundred records at once, so it may take as long as its consumer. Records that are appended meanwhile
// are not returned. An error is Redis's or ctx's, and nothing comes after it.
func (l *Log) All(ctx context.Context, filter Filter) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		records, attempts := l.records.forwards(ctx), l.attempts.forwards(ctx)
		defer records.stop()
		defer attempts.stop()
		for {
			r, found, err := oldest(records, attempts)
			if err != nil {
				yield(Record{}, fmt.Errorf("read the audit log: %w", err))
				return
			}
			if !found || filter.matches(r) && !yield(r, nil) {
				return
			}
		}
	}
}
