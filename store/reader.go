package store

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// Log is what Redis holds of one user's requests.
type Log struct {
	Entries []Entry // newest first; at most Options.MaxEntries
	Skipped int     // lines that are no log entries
}

// Log returns the user's log; a user without one has no entries, which is not an error. It waits
// for Redis for two seconds at most.
func (s *Store) Log(ctx context.Context, username string) (Log, error) {
	lines, err := s.clients.reader.LRange(ctx, s.keys.Log(username), 0, int64(s.options.MaxEntries)-1).Result()
	if redisreply.IsWrongType(err) {
		return Log{Skipped: 1}, nil // what somebody else keeps there is no log
	}
	if err != nil {
		return Log{}, fmt.Errorf("read the log of %q: %w", username, err)
	}
	return decodeLog(username, lines), nil
}

// Newest returns the newest entries of several users' logs, in the order of the names, and at most limit of each. It is
// [Store.Log] for lists of users, with one round trip. It waits for Redis for two seconds at most.
func (s *Store) Newest(ctx context.Context, limit int, usernames ...string) ([]Log, error) {
	if limit < 1 || len(usernames) == 0 {
		return make([]Log, len(usernames)), nil
	}
	pipe := s.clients.reader.Pipeline()
	lists := make([]*redis.StringSliceCmd, len(usernames))
	for i, username := range usernames {
		lists[i] = pipe.LRange(ctx, s.keys.Log(username), 0, int64(limit)-1)
	}
	if err := redisreply.Exec(ctx, pipe); err != nil {
		return nil, fmt.Errorf("read the newest entries of %d users: %w", len(usernames), err)
	}
	logs := make([]Log, len(usernames))
	for i, list := range lists {
		if list.Err() != nil {
			logs[i].Skipped = 1 // what somebody else keeps there is no log
			continue
		}
		logs[i] = decodeLog(usernames[i], list.Val())
	}
	return logs, nil
}

// decodeLog reads the lines of one list. Of lines with the same id the newest is kept.
func decodeLog(username string, lines []string) Log {
	log := Log{Entries: make([]Entry, 0, len(lines))}
	known := make(map[string]bool, len(lines))
	for _, line := range lines {
		e, err := decodeLine(username, line)
		switch {
		case err != nil:
			log.Skipped++
		case !known[e.ID]:
			known[e.ID] = true
			log.Entries = append(log.Entries, e)
		}
	}
	return log
}
