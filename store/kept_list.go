package store

import (
	"context"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/keys"
	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// How the kept list is maintained.
const (
	// keptShare is how often, in one retention, the expiry of the kept list is set again. With 100 and a retention of an
	// hour that is every 36 seconds, so the kept list may expire 36 seconds before the log.
	keptShare = 100

	keptSlack = 8 // lines that the kept list may have too many, until it is trimmed
)

// lists are the log and the kept list of one user in Redis, and what this process knows of the kept list.
//
// A user has a kept list only if an entry was recorded that does not count. The writer makes the list by copying the log, before
// the first such entry can push anything out. Most users only open pages, and have no kept list. So one command asks Redis about
// the kept lists of all of them.
type lists struct {
	log, channel, kept any // names, as commands take them
	failures           any // as well
	slotChannel        any // where lines are published on the channels of slots

	asked  bool      // it is known whether there was a kept list
	there  bool      // there was one, when it was last written to
	synced time.Time // when it was last made, or its expiry set
	length int       // of the kept list, when it was last written to
	long   bool      // it is in writer.long
	stale  bool      // the kept list is of a log that somebody has deleted

	failed bool // failures of the user are kept, when they were last written to
}

func newLists(k keys.Keys, username string, sharded bool) lists {
	l := lists{log: k.Log(username), channel: k.LogChannel(username), kept: k.Kept(username), failures: k.Failures(username)}
	if sharded {
		l.slotChannel = k.SlotChannel(k.Slot(username))
	}
	return l
}

// push is what is queued of one user's entries.
type push struct {
	user   *knownUser
	lines  []any // oldest first
	counts []any // of lines, those that count
	mixed  bool  // some lines do not count; if all do, counts is nil
	fails  bool  // some lines are failures that are kept
	begun  bool  // the log began with these lines, so failures that Redis has kept before are of a log that somebody has deleted

	log   *redis.IntCmd // LPUSH
	kept  *redis.IntCmd // LPUSH or LPUSHX of what counts, or nil
	found *redis.IntCmd // on a Cluster: whether failures of the user are kept, or nil
	sync  bool          // the expiry of the kept list is set
	trim  bool          // the kept list is trimmed
}

// add adds a line, by a pointer, because an interface would hold a copy of the string.
func (p *push) add(line *string, counts bool) {
	if !counts && !p.mixed {
		p.mixed, p.counts = true, slices.Clone(p.lines)
	}
	p.lines = append(p.lines, line)
	if counts && p.mixed {
		p.counts = append(p.counts, line)
	}
}

// pushesOf sorts the lines of entries by their users, in the order of the first entry of each.
func pushesOf(entries []Entry, users []*knownUser, lines []string) []push {
	pushes := make([]push, 0, len(entries))
	for i := range entries {
		u := users[i]
		if n := u.pushed; n >= len(pushes) || pushes[n].user != u {
			u.pushed = len(pushes)
			pushes = append(pushes, push{user: u})
		}
		pushes[u.pushed].add(&lines[i], entries[i].Counts())
		pushes[u.pushed].fails = pushes[u.pushed].fails || entries[i].Troubles()
	}
	return pushes
}

// counting are the lines that count.
func (p *push) counting() []any {
	if p.mixed {
		return p.counts
	}
	return p.lines
}

// done reports whether the transaction is known to have been executed. Then the answer is the list's length, or says that the key
// holds no list, which Redis finds out only by executing it. A command without an answer has length 0 and, where Redis refused
// the connection, no error either.
func (p *push) done() bool { return p.log.Val() > 0 || redisreply.IsWrongType(p.log.Err()) }

// command queues a command that answers with a number.
func command(ctx context.Context, pipe redis.Pipeliner, args ...any) *redis.IntCmd {
	c := redis.NewIntCmd(ctx, args...)
	_ = pipe.Process(ctx, c) // it is only queued
	return c
}

// commandOf is command for one with many values.
func commandOf(ctx context.Context, pipe redis.Pipeliner, name string, key any, values []any) *redis.IntCmd {
	args := make([]any, 0, 2+len(values))
	return command(ctx, pipe, append(append(args, name, key), values...)...)
}

// queueKept queues the commands for the kept list, which come before those that push lines to the log.
func (w *writer) queueKept(ctx context.Context, pipe redis.Pipeliner, p *push, now time.Time) {
	l := &p.user.lists
	due := now.Sub(l.synced) >= w.options.Retention/keptShare
	if l.stale {
		command(ctx, pipe, "del", l.kept)
		due = true
	}
	if p.sync = p.mixed && (due || !l.there); p.sync {
		command(ctx, pipe, "copy", l.log, l.kept)
	}
	counting := p.counting()
	switch p.trim = l.length+len(counting) > w.options.MaxEntries+keptSlack; {
	case len(counting) == 0:
	case p.mixed:
		p.kept = commandOf(ctx, pipe, "lpush", l.kept, counting)
	case l.there || !l.asked || w.clustered():
		p.kept = commandOf(ctx, pipe, "lpushx", l.kept, counting)
		p.sync = due && (l.there || !l.asked)
	}
	if p.trim && p.kept != nil {
		pipe.LTrim(ctx, l.kept.(string), 0, int64(w.options.MaxEntries)-1)
	}
	if p.sync {
		command(ctx, pipe, "pexpire", l.kept, w.options.Retention.Milliseconds())
	}
}

// queueAsking queues one question about all users of whom queueKept has assumed that they have no kept list, and of whom it is not
// known whether failures are kept. Another process may have made either. It returns nil where there are no such users.
func (w *writer) queueAsking(ctx context.Context, pipe redis.Pipeliner, pushes []push) *redis.IntCmd {
	var args []any
	for i := range pushes {
		p := &pushes[i]
		if !p.mixed && p.kept == nil {
			args = append(args, p.user.lists.kept)
		}
		args = w.failures.ask(args, p)
	}
	if len(args) == 0 {
		return nil
	}
	return commandOf(ctx, pipe, "exists", args[0], args[1:])
}

// learn notes what the answers to a transaction tell about the lists.
func (w *writer) learn(pushes []push, now time.Time) {
	for i := range pushes {
		p := &pushes[i]
		if p.log.Val() > 0 {
			p.learn(now, w.options.MaxEntries)
		}
		if l := &p.user.lists; l.length > w.options.MaxEntries && !l.long {
			l.long = true
			w.long = append(w.long, p.user)
		}
	}
}

func (p *push) learn(now time.Time, maxEntries int) {
	l := &p.user.lists
	before := int64(0) // lines of the list before this
	switch {
	case p.kept != nil:
		l.asked, l.there = true, p.kept.Val() > 0
		before = p.kept.Val() - int64(len(p.counting()))
		l.length = int(p.kept.Val())
		if p.trim {
			l.length = min(l.length, maxEntries)
		}
	case p.mixed:
		l.there = p.log.Val() > int64(len(p.lines)) // there was a log to copy
	}
	if p.sync {
		l.synced = now
	}
	// The log began with these lines, so it has lost none. The entries that the kept list had before, or may have had, are of a log
	// that somebody has deleted.
	p.begun = p.log.Val() == int64(len(p.lines))
	l.stale = p.begun && (before > 0 || p.mixed && p.kept == nil)
}

// trimKept trims the kept lists that are too long. It is called with each heartbeat. A list that Redis can't trim now is
// trimmed with the user's next entry that counts.
func (w *writer) trimKept() {
	if len(w.long) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), batchBudget)
	defer cancel()
	pipe := w.client.Pipeline()
	for _, user := range w.long {
		l := &user.lists
		pipe.LTrim(ctx, l.kept.(string), 0, int64(w.options.MaxEntries)-1)
		l.length, l.long = min(l.length, w.options.MaxEntries), false
	}
	_, _ = pipe.Exec(ctx)
	w.long = nil
}

// pushLate pushes lines to kept lists that another process has made. It does so one transaction late. At worst, a kept list has the
// entries of two processes in another order than they were recorded.
func (w *writer) pushLate(ctx context.Context, pushes []push) {
	pipe := w.client.TxPipeline()
	var late []*push
	for i := range pushes {
		if p := &pushes[i]; !p.mixed && p.kept == nil {
			p.kept = commandOf(ctx, pipe, "lpushx", p.user.lists.kept, p.lines)
			late = append(late, p)
		}
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return // the lines are in the log, and the next copy of the log keeps them, unless newer ones have pushed them out
	}
	for _, p := range late {
		p.user.lists.there, p.user.lists.length = p.kept.Val() > 0, int(p.kept.Val())
	}
}

// doWithout has the writer do without kept lists, or without the count of what was confirmed, if Redis refuses these and nothing
// else. For example, the access list is older than they are, or Redis has no COPY.
func (w *writer) doWithout(commands []redis.Cmder) {
	unkept, uncounted := false, false
	for _, c := range commands {
		switch err := c.Err(); {
		case !redisreply.Is(err) || isDiscarded(err):
		case !redisreply.IsForbidden(err) && !redisreply.IsUnknownCommand(err):
			return
		case w.isAboutKept(c):
			unkept = true
		case w.confirmed != nil && w.isAboutCount(c):
			uncounted = true
		default:
			return
		}
	}
	if unkept {
		w.unkept = true
		w.log.Warn("userlog: the log store does not let what counts be kept apart, so that what pages fetch can push it out: " +
			"allow copy, lpushx and exists, and the keys " + w.keys.KeptPattern())
	}
	if uncounted {
		w.log.Warn(uncountedText, "keys", w.keys.Confirmed("*"))
		w.confirmed.refused = true
	}
}

// isAboutCount reports whether a command is about the count of what was confirmed.
func (w *writer) isAboutCount(c redis.Cmder) bool {
	return len(c.Args()) > 1 && c.Args()[1] == w.confirmed.key
}

// isAboutKept reports whether a command is about a kept list.
func (w *writer) isAboutKept(c redis.Cmder) bool {
	args := c.Args()
	key, _ := args[min(1, len(args)-1)].(string)
	return c.Name() == "copy" || w.keys.IsKept(key)
}
