package audit

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	chunkSize = 500 // records that are read from Redis at once
	// maxScan is how many records one [Log.Read] looks at: about a tenth of a second.
	maxScan     = 10_000
	readTimeout = 5 * time.Second
)

// Excerpt is a part of the log.
type Excerpt struct {
	Records []Record // newest first
	// Next is the number to give [Log.Read] as before, to go on with older records. It is 0 when all have
	// been looked at. An excerpt may have fewer records than were asked for, or none, and a Next all the
	// same, because a call looks at no more than 10,000 records.
	Next int64
}

// Read returns records that match, newest first: up to limit of them, 1 at least. Their Seq is less than
// before; 0 begins with the newest. Read returns within about five seconds.
func (l *Log) Read(ctx context.Context, filter Filter, before int64, limit int) (Excerpt, error) {
	ctx, cancel := context.WithTimeout(ctx, l.readTimeout)
	defer cancel()
	limit = max(limit, 1)
	var excerpt Excerpt
	start := "+"
	if before > 0 {
		start = strconv.FormatInt(before-1, 10)
	}
	for scanned := 0; scanned < maxScan; scanned += chunkSize {
		messages, err := l.client.XRevRangeN(ctx, l.stream, start, "-", chunkSize).Result()
		if err != nil {
			return Excerpt{}, fmt.Errorf("read the audit log: %w", err)
		}
		for _, message := range messages {
			r := recordOf(message)
			if !filter.matches(r) {
				continue
			}
			if len(excerpt.Records) == limit {
				excerpt.Next = excerpt.Records[limit-1].Seq
				return excerpt, nil
			}
			excerpt.Records = append(excerpt.Records, r)
		}
		if len(messages) < chunkSize {
			excerpt.Next = 0
			return excerpt, nil
		}
		last := messages[chunkSize-1].ID
		excerpt.Next, _ = parseEntryID(last)
		start = "(" + last
	}
	return excerpt, nil
}

// All returns every record that matches, oldest first, for exports. It reads as it goes, a few hundred
// records at once, so it may take as long as its consumer. Records that are appended meanwhile are not
// returned. An error is Redis's or ctx's, and nothing comes after it.
func (l *Log) All(ctx context.Context, filter Filter) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		newest, err := l.client.XRevRangeN(ctx, l.stream, "+", "-", 1).Result()
		if err != nil {
			yield(Record{}, fmt.Errorf("read the audit log: %w", err))
			return
		}
		if len(newest) == 0 {
			return
		}
		for message, err := range l.walk(ctx, newest[0].ID) {
			if err != nil {
				yield(Record{}, fmt.Errorf("read the audit log: %w", err))
				return
			}
			if r := recordOf(message); filter.matches(r) && !yield(r, nil) {
				return
			}
		}
	}
}

// walk returns the stream's entries, oldest first, up to the one with the id last.
func (l *Log) walk(ctx context.Context, last string) iter.Seq2[redis.XMessage, error] {
	return func(yield func(redis.XMessage, error) bool) {
		for start := "-"; ; {
			messages, err := l.client.XRangeN(ctx, l.stream, start, last, chunkSize).Result()
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
