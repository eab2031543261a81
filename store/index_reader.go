package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/keys"
	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// ErrPartial says that a part of the user index, or one of several logs, can't be reached, for instance because a master of a Cluster is
// away. The result that a method returns with this error may lack users, or what is known of them.
var ErrPartial = errors.New("store: a part of the user index can't be reached")

// indexReader reads the parts of the user index as if they were one.
type indexReader struct {
	client redis.UniversalClient
	layout *indexLayout
}

// indexPart is a part of an index.
type indexPart struct {
	keys.Index
	number int
}

// parts are the parts to read. Where slots is not nil, they are those that have the users of these slots.
func (r *indexReader) parts(ctx context.Context, slots map[uint16]bool) []indexPart {
	r.layout.refresh(ctx)
	var parts []indexPart
	for _, index := range r.layout.read() {
		wanted := make([]bool, index.Parts())
		for slot := range slots {
			wanted[index.PartOfSlot(slot)] = true
		}
		for number := range wanted {
			if slots == nil || wanted[number] {
				parts = append(parts, indexPart{index, number})
			}
		}
	}
	return parts
}

// execParts executes a pipeline that reads parts. It returns ErrPartial where some could be read and others not. A key of the index
// that holds something else counts as an empty part.
func execParts(ctx context.Context, pipe redis.Pipeliner) error {
	commands, err := pipe.Exec(ctx)
	if err == nil {
		return nil
	}
	failed := 0
	for _, command := range commands {
		if isUnread(command) {
			failed, err = failed+1, command.Err()
		}
	}
	switch {
	case failed == 0 && redisreply.Is(err):
		return nil
	case failed > 0 && failed < len(commands): // no command has an error of its own where there is no connection
		return fmt.Errorf("%w: %w", ErrPartial, err)
	}
	return err
}

// isUnread reports whether a command could not read what is there.
func isUnread(command redis.Cmder) bool {
	err := command.Err()
	return err != nil && !redisreply.IsWrongType(err) && !errors.Is(err, redis.Nil) && !isAnswered(command)
}

// isAnswered reports whether a command has an answer, whatever its error says. When the limit ends while one node is asked again,
// go-redis gives the error of that to all commands, also to those that other nodes have answered.
func isAnswered(command redis.Cmder) bool {
	switch c := command.(type) {
	case *redis.ZSliceCmd:
		return len(c.Val()) > 0
	case *redis.StringSliceCmd:
		return len(c.Val()) > 0
	case *redis.FloatSliceCmd:
		return len(c.Val()) > 0
	case *redis.StringCmd:
		return c.Val() != ""
	case *redis.DurationCmd:
		return c.Val() != 0
	}
	return false
}

// newest returns up to limit members of a set of the index, with at least a score, the highest scores first. set spells the
// name of the set. The error may be [ErrPartial].
func (r *indexReader) newest(ctx context.Context, parts []indexPart, set func(indexPart) string, least string, limit int) ([]redis.Z, error) {
	pipe := r.client.Pipeline()
	reads := make([]*redis.ZSliceCmd, len(parts))
	for i, part := range parts {
		reads[i] = pipe.ZRevRangeByScoreWithScores(ctx, set(part), &redis.ZRangeBy{Min: least, Max: "+inf", Count: int64(limit)})
	}
	err := execParts(ctx, pipe)
	if err != nil && !errors.Is(err, ErrPartial) {
		return nil, err
	}
	var found []redis.Z
	for _, read := range reads {
		found = append(found, read.Val()...)
	}
	slices.SortStableFunc(found, func(a, b redis.Z) int { return cmp.Compare(b.Score, a.Score) })
	seen := make(map[string]bool, len(found))
	found = slices.DeleteFunc(found, func(z redis.Z) bool { // a user who is being moved to another part may be in both
		username, _ := z.Member.(string)
		twice := seen[username]
		seen[username] = true
		return twice || CheckUsername(username) != nil // nobody can have a log under what somebody else has put there
	})
	return found[:min(len(found), limit)], err
}

// names returns up to limit members of the sets of names, in their order, within bounds of ZRANGEBYLEX. The error may be
// [ErrPartial].
func (r *indexReader) names(ctx context.Context, parts []indexPart, from, to string, limit int) ([]string, error) {
	pipe := r.client.Pipeline()
	reads := make([]*redis.StringSliceCmd, len(parts))
	for i, part := range parts {
		reads[i] = pipe.ZRangeByLex(ctx, part.Names(part.number), &redis.ZRangeBy{Min: from, Max: to, Count: int64(limit)})
	}
	err := execParts(ctx, pipe)
	if err != nil && !errors.Is(err, ErrPartial) {
		return nil, err
	}
	var found []string
	for _, read := range reads {
		found = append(found, read.Val()...)
	}
	if len(parts) > 1 {
		slices.Sort(found)
		found = slices.Compact(found)
	}
	return found[:min(len(found), limit)], err
}

// scores returns when users were last seen, in Unix milliseconds, and 0 for one whose log has expired long ago. The error may be
// [ErrPartial].
func (r *indexReader) scores(ctx context.Context, usernames []string) ([]float64, error) {
	return r.scoresIn(ctx, usernames, keys.Index.Users)
}

// scoresIn returns the highest scores of users in some sets of the index; 0 for one who is in none.
func (r *indexReader) scoresIn(ctx context.Context, usernames []string, sets ...func(keys.Index, int) string) ([]float64, error) {
	type read struct {
		places []int // in usernames
		*redis.FloatSliceCmd
	}
	var reads []read
	pipe := r.client.Pipeline()
	for _, index := range r.layout.read() {
		places := make([][]int, index.Parts())
		for i, username := range usernames {
			part := index.Part(username)
			places[part] = append(places[part], i)
		}
		for part, of := range places {
			if len(of) == 0 {
				continue
			}
			members := make([]string, len(of))
			for i, place := range of {
				members[i] = usernames[place]
			}
			for _, set := range sets {
				reads = append(reads, read{of, pipe.ZMScore(ctx, set(index, part), members...)})
			}
		}
	}
	err := execParts(ctx, pipe)
	if err != nil && !errors.Is(err, ErrPartial) {
		return nil, err
	}
	scores := make([]float64, len(usernames))
	for _, read := range reads {
		for i, score := range read.Val() {
			scores[read.places[i]] = max(scores[read.places[i]], score)
		}
	}
	return scores, err
}
