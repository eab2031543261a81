package feed

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// Limits of one round.
const (
	roundTimeout = 4 * time.Second
	maxRound     = 100 // topics
)

// round takes snapshots of some topics and then publishes a token to ourselves. When the feed hears the token, it has
// heard everything that was published before the snapshots. So lists and channels can be joined without a gap. A
// round without topics tests the connection.
type round struct {
	token    string
	topics   []*topic
	full     int // a list of so many entries may have been cut off
	deadline time.Time
	read     map[*topic]snapshot // nil until the lists have been read
	heard    bool
}

// snapshot is what the feed has read from Redis to join or rejoin one topic.
type snapshot struct {
	entries []*Line               // oldest first
	kept    []*Line               // what counts and is older than entries, oldest first
	reaches func(last *Line) bool // whether entries are known to go back to the last one seen, or nil
	newest  map[string]newestLine // of each user who has a log

	// Of everyone:
	before []*Line   // the entries before these, as far as they are known
	order  certainty // how exactly the order of entries is known
	whole  bool      // newest has all users
}

// startRound takes snapshots of the topics that wait, in the background.
func (f *Feed) startRound(now time.Time) {
	r := &round{token: strconv.FormatInt(now.UnixNano(), 36), deadline: now.Add(roundTimeout), full: f.options.MaxEntries}
	if f.shortest > 0 {
		r.full = min(r.full, f.shortest) // applications may keep less than we would read
	}
	var k knowledge // thousands of users: copied only where everyone's logs are read
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
		f.report(func() { f.takeSnapshots(r, read, err) })
	}()
}

// readAll takes the snapshots, and publishes the token after them.
func (f *Feed) readAll(r *round, k knowledge) (map[*topic]snapshot, error) {
	ctx, cancel := context.WithTimeout(f.context, roundTimeout)
	defer cancel()
	read := make(map[*topic]snapshot, len(r.topics))
	pipe := f.options.Client.Pipeline()
	lists, kept := make(map[*topic]*redis.StringSliceCmd), make(map[*topic]*redis.StringSliceCmd)
	left := make(map[*topic]*redis.DurationCmd)
	for _, t := range r.topics {
		if t.everyone() {
			everyone, err := f.readEveryone(ctx, k, r.full)
			if err != nil {
				return nil, err
			}
			read[t] = everyone
			continue
		}
		// What counts is read first: what the list has lost by the time when it is read is older than all that it has.
		kept[t] = pipe.LRange(ctx, f.options.Keys.Kept(t.username), 0, int64(f.options.MaxEntries)-1)
		lists[t] = pipe.LRange(ctx, f.options.Keys.Log(t.username), 0, int64(f.options.MaxEntries)-1)
		left[t] = pipe.PTTL(ctx, f.options.Keys.Log(t.username))
	}
	pipe.Publish(ctx, f.probe, r.token)
	if err := redisreply.Exec(ctx, pipe); err != nil {
		return nil, fmt.Errorf("read logs: %w", err)
	}
	for t, list := range lists {
		read[t] = f.snapshotOf(t.username, list.Val(), kept[t].Val(), left[t].Val(), r.full)
	}
	return read, nil
}

// snapshotOf turns a list around. The snapshot reaches back to every entry that it contains. It reaches an empty ring if the
// list is not full, since then no entry was cut off.
func (f *Feed) snapshotOf(username string, lines, kept []string, left time.Duration, full int) snapshot {
	r := snapshot{entries: f.oldestFirst(username, lines)}
	if n := len(r.entries); n > 0 {
		r.newest = map[string]newestLine{username: head{username, r.entries[n-1], left}.remembered(time.Now())}
	}
	if len(lines) >= full { // else the list has lost nothing
		r.kept = f.olderThan(r.entries, username, kept)
	}
	entries := r.entries
	r.reaches = func(last *Line) bool {
		if last == nil {
			return len(lines) < full
		}
		return slices.ContainsFunc(entries, func(e *Line) bool { return e.ID == last.ID })
	}
	return r
}

// olderThan returns what counts of the kept lines of a user, without the entries of the list: it is older than they.
func (f *Feed) olderThan(entries []*Line, username string, kept []string) []*Line {
	listed := make(map[string]bool, len(entries))
	for _, e := range entries {
		listed[e.ID] = true
	}
	return slices.DeleteFunc(f.oldestFirst(username, kept), func(e *Line) bool { return listed[e.ID] || !e.Counts })
}

// oldestFirst returns the entries of a list, each one once. A line that is no entry is left out.
func (f *Feed) oldestFirst(username string, lines []string) []*Line {
	entries := make([]*Line, 0, len(lines))
	known := make(map[string]bool, len(lines))
	for _, line := range lines { // of entries with the same id the newest counts
		if e, err := f.decode(username, line); err == nil && !known[e.ID] {
			known[e.ID] = true
			entries = append(entries, e)
		}
	}
	slices.Reverse(entries)
	return entries
}

// decode reads one line.
func (f *Feed) decode(username, line string) (*Line, error) {
	decoded, err := f.options.Decode(username, line)
	if err != nil {
		return nil, err
	}
	decoded.Username = username
	decoded.Cursor = decoded.ID
	return &decoded, nil
}

// takeSnapshots takes the result of readAll.
func (f *Feed) takeSnapshots(r *round, read map[*topic]snapshot, err error) {
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
func (f *Feed) echoed(token string) {
	if f.round != nil && f.round.token == token {
		f.round.heard = true
		f.finishRound()
	}
}

// finishRound sets the round's topics live when its lists have been read and its token was heard.
func (f *Feed) finishRound() {
	r := f.round
	if r.read == nil || !r.heard {
		return
	}
	f.round = nil
	if f.troubled {
		f.troubled = false
		f.options.Log.Info("userlog: live logs are back")
	}
	for _, t := range r.topics {
		if f.topics[t.username] == t && !f.waiting[t] { // or it was confirmed again after the snapshot
			t.goLive(r.read[t])
			f.tellSilence(t)
		}
	}
}
