package store

import (
	"context"
	"hash/fnv"
	"io"
	"log/slog"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/failures"
	"github.com/gin-userlog/userlog/store/internal/keys"
	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// failureKeeper keeps outlived failures: the last failures of users, longer than the log has room for them. It looks at requests
// after they have been written, and only of users who have a kept failure or a new one. Of all other users it only asks Redis whether
// it keeps a failure. A command that fails here is not repeated. Then the failure is in the log only, and newer entries can push it out.
type failureKeeper struct {
	keys    keys.Keys
	script  *redis.Script
	life    any // milliseconds
	log     *slog.Logger
	refused atomic.Bool // Redis does not let us keep failures
}

func newFailureKeeper(keys keys.Keys, options Options) *failureKeeper {
	return &failureKeeper{keys: keys, script: redis.NewScript(failures.Script), life: options.Retention.Milliseconds(), log: options.Logger}
}

// ask adds the key of a user's failures to args, the keys about which Redis is asked. It does not if it is known that some are kept.
func (f *failureKeeper) ask(args []any, p *push) []any {
	if p.user.lists.failed || p.fails || f.refused.Load() {
		return args
	}
	return append(args, p.user.lists.failures)
}

// queueAsking is ask for one user, where keys of several can't be in one command. It returns nil where nothing is to be asked.
func (f *failureKeeper) queueAsking(ctx context.Context, pipe redis.Pipeliner, p *push) *redis.IntCmd {
	args := f.ask(nil, p)
	if len(args) == 0 {
		return nil
	}
	return commandOf(ctx, pipe, "exists", args[0], nil)
}

// keep notes the entries of pushes that have been written. users has the user of each entry. others says that Redis may keep failures
// of users of whom this process does not know it. Then keep notes the entries of all users.
func (f *failureKeeper) keep(client redis.UniversalClient, entries []Entry, users []*knownUser, lines []string, pushes []push, others bool) {
	if f.refused.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), batchBudget)
	defer cancel()
	told := f.tell(ctx, client, pushes, func(pipe redis.Pipeliner, p *push) *redis.IntCmd {
		if others || p.fails || p.asked() || p.user.lists.failed {
			return f.queue(ctx, pipe, entries, users, lines, p)
		}
		return nil
	})
	for user, answer := range told {
		user.lists.failed = answer.Val() > 0 || answer.Err() != nil && user.lists.failed
		f.noteRefusal(answer.Err())
	}
}

// tell sends what queue queues for the pushes that have been written. It does so once more where Redis has to be told the script.
func (f *failureKeeper) tell(ctx context.Context, client redis.UniversalClient, pushes []push, queue func(redis.Pipeliner, *push) *redis.IntCmd) map[*knownUser]*redis.IntCmd {
	told := make(map[*knownUser]*redis.IntCmd)
	for range 2 {
		pipe := client.Pipeline()
		for i := range pushes {
			p := &pushes[i]
			if answer := told[p.user]; p.log.Val() == 0 || answer != nil && !isScriptMissing(answer.Err()) {
				continue
			}
			if answer := queue(pipe, p); answer != nil {
				told[p.user] = answer
			}
		}
		if pipe.Len() == 0 {
			break
		}
		_, err := pipe.Exec(ctx) // each command says what came of it
		if !isScriptMissing(err) {
			break
		}
		if err := f.script.Load(ctx, client).Err(); err != nil {
			f.noteRefusal(err)
			break
		}
	}
	return told
}

// queue queues the script for the entries of one user.
func (f *failureKeeper) queue(ctx context.Context, pipe redis.Pipeliner, entries []Entry, users []*knownUser, lines []string, p *push) *redis.IntCmd {
	kept := p.user.lists.failures
	if p.begun {
		command(ctx, pipe, "del", kept)
	}
	marks := make([]failures.Mark, 0, len(entries))
	args := []any{"evalsha", f.script.Hash(), 1, kept, f.life, ""}
	for i := range entries {
		if users[i] == p.user {
			marks = append(marks, entries[i].mark())
			args = append(args, &lines[i])
		}
	}
	args[5] = failures.Marks(marks)
	return command(ctx, pipe, args...)
}

// noteRefusal logs once that failures can't be kept: the access list is from before they were.
func (f *failureKeeper) noteRefusal(err error) {
	if !redisreply.IsForbidden(err) {
		return
	}
	if f.refused.CompareAndSwap(false, true) {
		f.log.Warn("userlog: the log store does not let failures be kept longer than a log, so that later requests push them out: "+
			"allow evalsha, script|load, zscore, zrange and zrevrange, and the keys "+f.keys.FailuresPattern(), "err", err)
	}
}

// asked reports whether Redis has said that failures of the user are kept.
func (p *push) asked() bool { return p.found != nil && p.found.Val() > 0 }

// mark is what has to be known of an entry to keep failures. A request fails as it does where users in trouble are listed, and what
// worked is what may have solved that.
func (e *Entry) mark() failures.Mark {
	m := failures.Mark{Class: failures.Other, Counts: e.Counts() && !e.OnlyGap()}
	switch {
	case e.OnlyGap() || e.Actor != "":
		return m
	case e.Troubles() && e.byHand() && !e.aside:
		m.Class = failures.Step
	case e.Troubles():
		m.Class = failures.Part
	case e.worked():
		m.Class = failures.Worked
	default:
		return m
	}
	hash := fnv.New64a()
	_, _ = io.WriteString(hash, e.Method+" "+withoutQuery(e.Path))
	m.What = hash.Sum64()
	return m
}
