package store

import (
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
	roundTimeout = 4 * time.Second
	maxRound     = 100 // topics
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
	newest  map[string]mark        // of each user of whom there is a log

	// Of everyone:
	before []*Entry // what has been seen before entries, as far as it is known
	found  coverage // how exactly the order of entries is known
	whole  bool     // newest has all users
}

// startRound reads for the topics that wait, in the background.
func (f *feed) startRound(now time.Time) {
	r := &round{token: strconv.FormatInt(now.UnixNano(), 36), deadline: now.Add(roundTimeout), full: f.options.MaxEntries}
	if f.shortest > 0 {
		r.full = min(r.full, f.shortest) // who records may keep less than we would read
	}
	var k knowledge // thousands of marks: copied only where everyone's logs are read
	for t := range f.waiting {
		if len(r.topics) == maxRound {
			break
		}
		r.topics = append(r.topics, t)
		delete(f.waiting, t)
		if t.everyone() {
			k = t.knowledge()
		}
	}
	f.round = r
	go func() {
		read, err := f.readAll(r, k)
		f.report(func() { f.finishedReading(r, read, err) })
	}()
}

// readAll reads the lists and publishes the token after them.
func (f *feed) readAll(r *round, k knowledge) (map[*topic]reading, error) {
	ctx, cancel := context.WithTimeout(f.context, roundTimeout)
	defer cancel()
	read := make(map[*topic]reading, len(r.topics))
	pipe := f.client.Pipeline()
	lists, left := make(map[*topic]*redis.StringSliceCmd), make(map[*topic]*redis.DurationCmd)
	for _, t := range r.topics {
		if t.everyone() {
			everyone, err := f.readEveryone(ctx, k, r.full)
			if err != nil {
				return nil, err
			}
			read[t] = everyone
			continue
		}
		lists[t] = pipe.LRange(ctx, f.keys.Log(t.username), 0, int64(f.options.MaxEntries)-1)
		left[t] = pipe.PTTL(ctx, f.keys.Log(t.username))
	}
	pipe.Publish(ctx, f.probe, r.token)
	if err := execReading(ctx, pipe); err != nil {
		return nil, fmt.Errorf("read logs: %w", err)
	}
	for t, list := range lists {
		read[t] = readingOf(t.username, list.Val(), left[t].Val(), r.full)
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
func readingOf(username string, lines []string, left time.Duration, full int) reading {
	r := reading{entries: oldestFirst(username, lines)}
	if n := len(r.entries); n > 0 {
		r.newest = map[string]mark{username: head{username, r.entries[n-1], left}.mark(time.Now())}
	}
	entries := r.entries
	r.reaches = func(last *Entry) bool {
		if last == nil {
			return len(lines) < full
		}
		return slices.ContainsFunc(entries, func(e *Entry) bool { return e.ID == last.ID })
	}
	return r
}

// oldestFirst returns the entries in the lines of a list.
func oldestFirst(username string, lines []string) []*Entry {
	newestFirst := decodeLog(username, lines).Entries
	entries := make([]*Entry, 0, len(newestFirst))
	for i := range slices.Backward(newestFirst) {
		entries = append(entries, &newestFirst[i])
	}
	return entries
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
