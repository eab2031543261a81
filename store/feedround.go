package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Limits of one round.
const (
	roundTimeout  = 4 * time.Second
	maxRound      = 100 // topics
	everyoneUsers = 100 // users whose logs are read for everyone
	// The index of users may be late by indexInterval, and by a batch that waits for Redis.
	everyoneMargin = 5 * time.Second
)

// round reads the lists of some topics and then publishes a token to ourselves. When the token is
// heard, everything that was published before the reading has been heard as well, so that lists and
// channels can be joined without a gap. A round without topics tests the connection.
type round struct {
	token    string
	topics   []*topic
	full     int // from how many entries on a list may have been cut off
	deadline time.Time
	read     map[*topic]reading // nil until the lists have been read
	heard    bool
}

// reading is what was found in Redis for one topic.
type reading struct {
	entries []*Entry               // oldest first
	reaches func(last *Entry) bool // whether entries are known to go back to the last one seen, or nil
}

// startRound reads for the topics that wait, in the background.
func (f *feed) startRound(now time.Time) {
	r := &round{token: strconv.FormatInt(now.UnixNano(), 36), deadline: now.Add(roundTimeout), full: f.options.MaxEntries}
	if f.shortest > 0 {
		r.full = min(r.full, f.shortest) // who records may keep less than we would read
	}
	for t := range f.waiting {
		if len(r.topics) == maxRound {
			break
		}
		r.topics = append(r.topics, t)
		delete(f.waiting, t)
	}
	known := span{}
	if t := f.topics[everyone]; t != nil && len(t.ring) > 0 {
		known = span{from: t.ring[0].Time, to: t.newest().Time, full: len(t.ring) == t.limit}
	}
	f.round = r
	go func() {
		read, err := f.readAll(r, known)
		f.report(func() { f.finishedReading(r, read, err) })
	}()
}

// span is what everyone's ring has: the times of its ends, and whether older entries have left it.
type span struct {
	from, to time.Time
	full     bool
}

// begin is the time from which on entries that are not in the ring are news. Older ones have either
// been in it, or come from a log that was not seen for so long that they can't be told apart.
func (s span) begin() time.Time {
	margin := s.to.Add(-everyoneMargin)
	if s.full && s.from.After(margin) {
		return s.from
	}
	return margin
}

// readAll reads the lists and publishes the token after them.
func (f *feed) readAll(r *round, known span) (map[*topic]reading, error) {
	ctx, cancel := context.WithTimeout(f.context, roundTimeout)
	defer cancel()
	read := make(map[*topic]reading, len(r.topics))
	pipe := f.client.Pipeline()
	lists := make(map[*topic]*redis.StringSliceCmd)
	for _, t := range r.topics {
		if t.everyone() {
			everyone, err := f.readEveryone(ctx, known, r.full)
			if err != nil {
				return nil, err
			}
			read[t] = everyone
			continue
		}
		lists[t] = pipe.LRange(ctx, f.keys.Log(t.username), 0, int64(f.options.MaxEntries)-1)
	}
	pipe.Publish(ctx, f.probe, r.token)
	if err := execReading(ctx, pipe); err != nil {
		return nil, fmt.Errorf("read logs: %w", err)
	}
	for t, list := range lists {
		read[t] = readingOf(t.username, list.Val(), r.full)
	}
	return read, nil
}

// execReading executes a pipeline. A key that holds something else, or nothing, reads as empty:
// it is not there by our doing, and must not take the logs of others with it.
func execReading(ctx context.Context, pipe redis.Pipeliner) error {
	commands, err := pipe.Exec(ctx)
	if !isReply(err) {
		return err
	}
	for _, command := range commands {
		if err := command.Err(); err != nil && !isWrongType(err) && !errors.Is(err, redis.Nil) {
			return err
		}
	}
	return nil
}

// readingOf turns a list around. It reaches back to every entry that it contains; to an empty ring
// it reaches if it is not full, since then nothing was cut off.
func readingOf(username string, lines []string, full int) reading {
	entries := decodeLog(username, lines).Entries
	oldestFirst := make([]*Entry, 0, len(entries))
	for i := range entries {
		oldestFirst = append(oldestFirst, &entries[len(entries)-1-i])
	}
	return reading{entries: oldestFirst, reaches: func(last *Entry) bool {
		if last == nil {
			return len(lines) < full
		}
		return contains(oldestFirst, last)
	}}
}

// contains reports whether entries has one with the id of e.
func contains(entries []*Entry, e *Entry) bool {
	return slices.ContainsFunc(entries, func(other *Entry) bool { return other.ID == e.ID })
}

// readEveryone reads the logs of those who were seen since the newest entry that is known, or seen
// last, in the order of time. It reaches back so far unless there were too many users, or one whose
// list does not, or Redis has lost that entry.
func (f *feed) readEveryone(ctx context.Context, known span, full int) (reading, error) {
	users, err := f.client.ZRevRangeByScore(ctx, f.keys.Users(), &redis.ZRangeBy{
		Min: strconv.FormatInt(known.to.Add(-everyoneMargin).UnixMilli(), 10), Max: "+inf", Count: everyoneUsers,
	}).Result()
	if err != nil && !isWrongType(err) {
		return reading{}, fmt.Errorf("read who was seen: %w", err)
	}
	pipe := f.client.Pipeline()
	lists := make([]*redis.StringSliceCmd, len(users))
	for i, username := range users {
		lists[i] = pipe.LRange(ctx, f.keys.Log(username), 0, int64(f.options.MaxEntries)-1)
	}
	if len(users) > 0 {
		if err := execReading(ctx, pipe); err != nil {
			return reading{}, fmt.Errorf("read everyone's logs: %w", err)
		}
	}
	complete := len(users) < everyoneUsers
	var all []*Entry
	for i, list := range lists {
		one := readingOf(users[i], list.Val(), full)
		if len(list.Val()) >= full && (len(one.entries) == 0 || one.entries[0].Time.After(known.to)) {
			complete = false
		}
		all = append(all, slices.DeleteFunc(one.entries, func(e *Entry) bool { return e.Time.Before(known.begin()) })...)
	}
	slices.SortStableFunc(all, func(a, b *Entry) int { return cmp.Compare(a.Time.UnixMicro(), b.Time.UnixMicro()) })
	return reading{entries: all, reaches: func(last *Entry) bool {
		return complete && (last == nil || contains(all, last))
	}}, nil
}

// finishedReading takes the result of readAll.
func (f *feed) finishedReading(r *round, read map[*topic]reading, err error) {
	if r != f.round {
		return
	}
	if err != nil {
		f.lose(err)
		return
	}
	r.read = read
	f.finishRound()
}

// echoed notes that a token came back.
func (f *feed) echoed(token string) {
	if f.round != nil && f.round.token == token {
		f.round.heard = true
		f.finishRound()
	}
}

// finishRound sets the round's topics live when its lists have been read and its token was heard.
func (f *feed) finishRound() {
	r := f.round
	if r.read == nil || !r.heard {
		return
	}
	f.round = nil
	if f.troubled {
		f.troubled = false
		f.log.Info("userlog: live logs are back")
	}
	for _, t := range r.topics {
		if f.topics[t.username] == t && !f.waiting[t] { // or it was confirmed again after the reading
			t.goLive(r.read[t])
			f.tellSilence(t)
		}
	}
}
