package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/failures"
	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// Log is what Redis holds of one user's requests.
type Log struct {
	// Entries are the newest Options.MaxEntries, and of those that count ([Entry.Counts]) the newest Options.MaxEntries as
	// well: what a person did is not pushed out by what pages fetch. Behind them are the last failures that newer requests have pushed
	// out, and what solved them. [Gap.NotKept] of the entry before these says how many others were pushed out. Newest first. Some may
	// be markers: see [Entry.OnlyGap] and [Log.Requests].
	Entries []Entry
	Skipped int // lines that are no log entries
}

// Requests are the entries without markers, for programs that want requests only. The request after a marker tells what the marker
// does. Behind is what is missing behind the newest request, nil for nothing.
func (l Log) Requests() (requests []Entry, behind *Gap) {
	requests = make([]Entry, 0, len(l.Entries))
	for _, e := range l.Entries {
		last := len(requests) - 1
		switch {
		case !e.OnlyGap():
			requests = append(requests, e)
		case last < 0:
			behind = behind.with(*e.Gap)
		default:
			requests[last].Gap = requests[last].Gap.with(*e.Gap)
		}
	}
	return requests, behind
}

// Has reports whether the log has an entry of this id.
func (l Log) Has(id string) bool {
	return slices.ContainsFunc(l.Entries, func(e Entry) bool { return e.ID == id })
}

// Log returns the user's log; a user without one has no entries, which is not an error. It waits
// for Redis for two seconds at most.
func (s *Store) Log(ctx context.Context, username string) (Log, error) {
	_ = s.clock.refresh(ctx) // what fails by it fails below as well
	logs, err := s.newest(ctx, s.options.MaxEntries, username)
	if err != nil {
		return Log{}, fmt.Errorf("read the log of %q: %w", username, err)
	}
	return logs[0], nil
}

// Newest returns the newest entries of several users' logs, in the order of the names: limit of each, and at most as
// many more that count. It is [Store.Log] for lists of users, with one round trip. It waits for Redis for two seconds at
// most. With [ErrPartial] some logs could not be read. Their Entries are nil, which those of the others are not.
func (s *Store) Newest(ctx context.Context, limit int, usernames ...string) ([]Log, error) {
	if limit < 1 || len(usernames) == 0 {
		return make([]Log, len(usernames)), nil
	}
	logs, err := s.newest(ctx, limit, usernames...)
	if err != nil {
		err = fmt.Errorf("read the newest entries of %d users: %w", len(usernames), err)
	}
	return logs, err
}

// newest is [Store.Newest] for at least one user.
func (s *Store) newest(ctx context.Context, limit int, usernames ...string) ([]Log, error) {
	limit = min(limit, s.options.MaxEntries)
	pipe := s.clients.reader.Pipeline()
	lists, kept := make([]*redis.StringSliceCmd, len(usernames)), make([]*redis.StringSliceCmd, len(usernames))
	failed := make([]*redis.ZSliceCmd, len(usernames))
	for i, username := range usernames {
		if limit == s.options.MaxEntries { // of fewer entries nobody knows what they have pushed out
			failed[i] = pipe.ZRangeWithScores(ctx, s.keys.Failures(username), 0, -1)
		}
		// The kept list is read first, so that it has nothing newer than the log.
		kept[i] = pipe.LRange(ctx, s.keys.Kept(username), 0, int64(limit)-1)
		lists[i] = pipe.LRange(ctx, s.keys.Log(username), 0, int64(limit)-1)
	}
	err := execParts(ctx, pipe)
	if err != nil && !errors.Is(err, ErrPartial) {
		return nil, err
	}
	logs := make([]Log, len(usernames))
	for i, list := range lists {
		switch {
		case isUnread(list):
			continue
		case redisreply.IsWrongType(list.Err()):
			logs[i] = Log{Entries: []Entry{}, Skipped: 1} // what somebody else keeps there is no log
			continue
		}
		counting := kept[i].Val()
		if len(list.Val()) < limit {
			counting = nil // the log has lost nothing
		}
		logs[i] = decodeLog(usernames[i], list.Val(), counting)
		if len(list.Val()) == s.options.MaxEntries {
			logs[i].addOutlived(usernames[i], failed[i].Val(), len(list.Val())-logs[i].Skipped)
		}
	}
	return logs, err
}

// decodeLog reads the lines of one list, and behind them what counts of those that were kept. Of lines with the same id
// the newest is taken.
func decodeLog(username string, lines, kept []string) Log {
	log := Log{Entries: make([]Entry, 0, len(lines)+len(kept))}
	known := make(map[string]bool, len(lines)+len(kept))
	for i, line := range slices.Concat(lines, kept) {
		e, err := decodeLine(username, line)
		switch {
		case err != nil && i < len(lines):
			log.Skipped++
		case err == nil && !known[e.ID] && (i < len(lines) || e.Counts()):
			known[e.ID] = true
			log.Entries = append(log.Entries, e)
		}
	}
	return log
}

// addOutlived adds the failures that are kept longer than the log, of which the first entries are the newest. Where others are missing
// in between, the oldest entry that is not one of them says so.
func (l *Log) addOutlived(username string, members []redis.Z, newest int) {
	kept := failures.Read(members, func(line string) (*Entry, bool) {
		e, err := decodeLine(username, line)
		return &e, err == nil
	})
	known := make(map[string]bool, len(l.Entries))
	for i := range l.Entries {
		known[l.Entries[i].ID] = true
	}
	outlived, missing := kept.Outlived(func(e *Entry) bool { return known[e.ID] }, func(oldest *Entry) int {
		newer := 0
		for i := range l.Entries {
			if e := &l.Entries[i]; e.Counts() && !e.OnlyGap() && (i < newest || !e.Time.Before(oldest.Time)) {
				newer++
			}
		}
		return newer
	})
	if len(outlived) == 0 {
		return
	}
	if last := &l.Entries[len(l.Entries)-1]; missing > 0 {
		last.Gap = last.Gap.with(Gap{NotKept: missing})
	}
	l.Entries = slices.Concat(l.Entries[:newest], mergeByTime(l.Entries[newest:], outlived))
}

// mergeByTime merges entries, the newest first, with others, the oldest first, into one list with the newest first. Both keep their
// order.
func mergeByTime(entries []Entry, others []*Entry) []Entry {
	merged := make([]Entry, 0, len(entries)+len(others))
	for _, e := range entries {
		for n := len(others); n > 0 && others[n-1].Time.After(e.Time); n-- {
			merged, others = append(merged, *others[n-1]), others[:n-1]
		}
		merged = append(merged, e)
	}
	for _, e := range slices.Backward(others) {
		merged = append(merged, *e)
	}
	return merged
}
