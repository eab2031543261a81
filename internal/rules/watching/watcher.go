package watching

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/gin-userlog/userlog/internal/rules"
	"github.com/gin-userlog/userlog/internal/webhook/sending"
	"github.com/gin-userlog/userlog/store"
)

// Times and limits of watching.
const (
	lookInterval = 3 * time.Second
	lookTimeout  = 8 * time.Second // of one look; what is left of it comes next time
	learnTimeout = lookTimeout / 2 // of reading, so that there is time to tell what is known
	settled      = 5 * time.Second // after a failure was seen, logs have what failed close to it, of which the user index says nothing

	fewTroubled  = 100  // users in trouble who are asked for first
	maxTroubled  = 2000 // and at most
	maxReads     = 500  // logs that are read in one look
	readAtOnce   = 100
	maxPosts     = 20 // messages in a minute
	postInterval = time.Minute
)

// Watcher looks every three seconds whether something happens that a rule is about, and posts it. Of all processes that watch one Redis, one
// leads and looks. Create it with [NewWatcher].
type Watcher struct {
	options WatcherOptions

	// What the leader remembers, so that it reads only what is new.
	known  map[string]*user        // who was in trouble within rules.Window
	told   map[string]sending.Told // of what goes on, what was told last
	posted []time.Time             // when messages were posted, within a minute

	failing, flooded bool // has been told
}

// WatcherOptions say what is watched, and how that is told. All fields are required but Link and Detailed.
type WatcherOptions struct {
	Logs  *store.Store
	Rules *rules.Rules
	Queue *sending.Queue
	Log   *slog.Logger

	// Post posts a message about a subject, as [sending.Dispatcher.Post] does.
	Post func(ctx context.Context, subject string, until time.Time, m sending.Message) error

	// Say says in words what happened.
	Say func(rules.Event) string

	// Link is the address of the page that shows a user, or of the first page for "". Default: nil, it is not known.
	Link func(username string) string

	// Detailed has events carry a [rules.Detail]. Default: false.
	Detailed bool
}

// user is what is known of one who was in trouble.
type user struct {
	at       time.Time // of the last failure that the user index has
	seen     time.Time // when that was first seen there
	read     time.Time // when the log was read
	failures []failure // newest first
}

// NewWatcher returns a watcher. It does nothing before [Watcher.Run].
func NewWatcher(options WatcherOptions) *Watcher {
	w := &Watcher{options: options}
	w.forget()
	return w
}

// Run watches until ctx ends, and then lets another process lead.
func (w *Watcher) Run(ctx context.Context) {
	ticker := time.NewTicker(lookInterval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		w.complain(ctx, w.look(ctx))
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
	if err := w.options.Queue.Resign(context.WithoutCancel(ctx)); err != nil {
		w.options.Log.Warn("another process takes over the rules in some seconds only", "err", err)
	}
}

// complain logs once that watching fails, until it does not.
func (w *Watcher) complain(ctx context.Context, err error) {
	if err != nil && !w.failing && ctx.Err() == nil {
		w.options.Log.Warn("the rules can't be watched; trying again", "err", err)
	}
	w.failing = err != nil
}

// forget forgets what only the leader remembers.
func (w *Watcher) forget() {
	w.known, w.told = make(map[string]*user), make(map[string]sending.Told)
}

// look looks once, if this process leads. Where a part of Redis is away, the error says so, and the others are looked at.
func (w *Watcher) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	leading, err := w.options.Queue.Lead(ctx)
	if err != nil || !leading {
		w.forget()
		return err
	}
	all, err := w.options.Rules.List(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		w.forget()
		return nil
	}
	learnt := w.learn(ctx, all)
	now := w.options.Logs.Now()
	return errors.Join(learnt, w.tellAll(ctx, now, matchesOf(all, w.known, now.Add(-rules.Window))))
}

// learn reads who is in trouble, and what failed. Where a part of Redis is away, it reads the others.
func (w *Watcher) learn(ctx context.Context, all []rules.Rule) error {
	ctx, cancel := context.WithTimeout(ctx, learnTimeout)
	defer cancel()
	troubled, whole, err := w.troubled(ctx)
	now := w.options.Logs.Now() // InTrouble has asked Redis' clock
	since := now.Add(-rules.Window)
	if err != nil && !errors.Is(err, store.ErrPartial) {
		return err
	}
	at := make(map[string]time.Time, len(troubled))
	for _, t := range troubled {
		at[t.Username] = t.At
	}
	for _, names := range w.toRead(now, all, troubled, whole, err != nil) {
		logs, failed := w.options.Logs.Newest(ctx, w.options.Logs.Options().MaxEntries, names...)
		err = errors.Join(err, failed)
		for i, log := range logs {
			if log.Entries == nil { // it could not be read
				continue
			}
			name, seen := names[i], now
			if u := w.known[name]; u != nil && u.at.Equal(at[name]) {
				seen = u.seen
			}
			w.known[name] = &user{at[name], seen, now, failuresIn(log, since)}
		}
	}
	w.prune(since)
	return err
}

// toRead are the users whose logs have to be read, in groups that are read at once. Named users, whom too many others may hide, come first.
// Where a part of Redis is away, their logs may be in it. Then each is read by itself after the others, and takes none of them with it.
func (w *Watcher) toRead(now time.Time, all []rules.Rule, troubled []store.Trouble, whole, partial bool) [][]string {
	var named, due []string
	for _, rule := range all {
		inTrouble := func(t store.Trouble) bool { return t.Username == rule.Username }
		if rule.Kind == rules.UserFails && !whole && !slices.ContainsFunc(troubled, inTrouble) {
			named = append(named, rule.Username)
		}
	}
	for _, t := range troubled {
		if w.mustRead(t, now) {
			due = append(due, t.Username)
		}
	}
	named = named[:min(len(named), maxReads)]
	due = due[:min(len(due), maxReads-len(named))]
	if !partial {
		return slices.Collect(slices.Chunk(append(named, due...), readAtOnce))
	}
	return slices.AppendSeq(slices.Collect(slices.Chunk(due, readAtOnce)), slices.Chunk(named, 1))
}

// troubled are the users in trouble within Window, those in trouble last first. whole tells that these are all.
func (w *Watcher) troubled(ctx context.Context) (found []store.Trouble, whole bool, err error) {
	for _, limit := range []int{fewTroubled, maxTroubled} {
		found, err = w.options.Logs.InTrouble(ctx, limit)
		whole = len(found) < limit
		since := w.options.Logs.Now().Add(-rules.Window)
		if older := slices.IndexFunc(found, func(t store.Trouble) bool { return !t.At.After(since) }); older >= 0 {
			found, whole = found[:older], true
		}
		if whole || err != nil {
			break
		}
	}
	return found, whole && err == nil, err
}

// mustRead reports whether a user's log has to be read: something failed since, or may have failed so close to the last failure that the user
// index does not say so.
func (w *Watcher) mustRead(t store.Trouble, now time.Time) bool {
	u := w.known[t.Username]
	return u == nil || !u.at.Equal(t.At) || u.read.Sub(u.seen) < settled && now.Sub(u.seen) >= settled
}

// prune forgets failures that are too old, and users without others.
func (w *Watcher) prune(since time.Time) {
	for name, u := range w.known {
		if i := slices.IndexFunc(u.failures, func(f failure) bool { return !f.at.After(since) }); i >= 0 {
			u.failures = slices.Clone(u.failures[:i])
		}
		if !u.at.After(since) && len(u.failures) == 0 {
			delete(w.known, name)
		}
	}
}

// tellAll tells of what happens, where something is new and was not told just now.
func (w *Watcher) tellAll(ctx context.Context, now time.Time, all []match) error {
	told := make(map[string]sending.Told)
	for _, m := range all {
		if known, ok := w.told[m.subject]; ok {
			told[m.subject] = known
		}
	}
	w.told = told // of what is over, nothing is remembered
	for _, m := range all {
		if !w.mayPost(now) {
			return nil
		}
		if err := w.tell(ctx, now, m); err != nil {
			return err
		}
	}
	return nil
}

// mayPost reports whether there were not too many messages lately. An event that is not told now is told later, if it goes on.
func (w *Watcher) mayPost(now time.Time) bool {
	w.posted = slices.DeleteFunc(w.posted, func(at time.Time) bool { return now.Sub(at) >= postInterval })
	full := len(w.posted) >= maxPosts
	if full && !w.flooded {
		w.options.Log.Warn("so much happens that rules are about that some of it is told later, or not at all", "messages in a minute", maxPosts)
	}
	w.flooded = full
	return !full
}

// tell tells of one thing that happens.
func (w *Watcher) tell(ctx context.Context, now time.Time, m match) error {
	told, known := w.told[m.subject]
	if !known {
		var err error
		if told, err = w.options.Queue.Told(ctx, m.subject); err != nil {
			return err
		}
		w.told[m.subject] = told
	}
	if !m.newest.After(told.Until) || now.Sub(told.At) < sending.Quiet {
		return nil
	}
	e := m.event(told.Until, w.options.Detailed)
	if w.options.Link != nil {
		e.Link = w.options.Link(e.Username)
	}
	message, err := messageOf(e, rand.Text(), w.options.Say(e), now)
	if err != nil {
		return err
	}
	switch err := w.options.Post(ctx, m.subject, m.newest, message); {
	case errors.Is(err, sending.ErrTold):
		delete(w.told, m.subject) // another process has told it; it is asked again
	case err != nil && !errors.Is(err, sending.ErrNotLeading):
		return err
	case err == nil:
		w.told[m.subject], w.posted = sending.Told{At: now, Until: m.newest}, append(w.posted, now)
	}
	return nil
}
