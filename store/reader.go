package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// Log is what Redis holds of one user's requests.
type Log struct {
	// Entries are the newest Options.MaxEntries, and of those that count ([Entry.Counts]) the newest Options.MaxEntries as
	// well: what a person did is not pushed out by what pages fetch. Newest first. Some may be markers: see [Entry.OnlyGap] and
	// [Log.Requests].
	Entries []Entry
	Skipped int // lines that are no log entries
}

// Requests are the entries without markers, for programs that want requests only. What a marker tells is told by the request after
// it. Behind is what is missing behind the newest request, nil for nothing.
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
// most.
func (s *Store) Newest(ctx context.Context, limit int, usernames ...string) ([]Log, error) {
	if limit < 1 || len(usernames) == 0 {
		return make([]Log, len(usernames)), nil
	}
	logs, err := s.newest(ctx, limit, usernames...)
	if err != nil {
		return nil, fmt.Errorf("read the newest entries of %d users: %w", len(usernames), err)
	}
	return logs, nil
}

func (s *Store) newest(ctx context.Context, limit int, usernames ...string) ([]Log, error) {
	limit = min(limit, s.options.MaxEntries)
	pipe := s.clients.reader.Pipeline()
	lists, kept := make([]*redis.StringSliceCmd, len(usernames)), make([]*redis.StringSliceCmd, len(usernames))
	for i, username := range usernames {
		// The kept list is read first, so that it has nothing newer than the log.
		kept[i] = pipe.LRange(ctx, s.keys.Kept(username), 0, int64(limit)-1)
		lists[i] = pipe.LRange(ctx, s.keys.Log(username), 0, int64(limit)-1)
	}
	if err := redisreply.Exec(ctx, pipe); err != nil {
		return nil, err
	}
	logs := make([]Log, len(usernames))
	for i, list := range lists {
		if list.Err() != nil {
			logs[i].Skipped = 1 // what somebody else keeps there is no log
			continue
		}
		counting := kept[i].Val()
		if len(list.Val()) < limit {
			counting = nil // the log has lost nothing
		}
		logs[i] = decodeLog(usernames[i], list.Val(), counting)
	}
	return logs, nil
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
