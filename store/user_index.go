package store

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/keys"
	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// How often the user index is written.
const (
	indexInterval  = 2 * time.Second  // at least, between two updates of one user
	forgetInterval = 30 * time.Second // at least, between two searches for expired users,
	forgetMore     = time.Second      // unless there were as many as are removed at a time
	maxIndexed     = 10_000           // users whose last update is remembered
	maxForgotten   = 500              // users removed at a time
	introducePause = 2 * time.Second  // without introductions, after one has failed
)

// userIndex writes the user index: the names of users, when each was last seen, and when a request of each last failed. All writers of a
// process share it. Visitors are not in the index, so that they neither crowd lists nor fill Redis.
type userIndex struct {
	layout    *indexLayout
	retention time.Duration
	remember  time.Duration // after the last request
	forgetAt  time.Time     // of the goroutine that calls forget
	foreign   bool          // that a key holds something else has been logged
	flushing  chan struct{} // capacity 1: one flush at a time

	mu       sync.Mutex
	updated  map[string]time.Time
	troubled map[string]lastFailure // by username, the failed request that was last written to the index
	pending  indexUpdate            // on a Cluster: what the writers of all shards have noted, to be written together

	introduceAfter time.Time // no user is introduced before that
}

// indexUpdate is what is to be added to the sorted sets.
type indexUpdate struct {
	users, names, trouble []redis.Z
}

// see adds that a user was seen.
func (u *indexUpdate) see(e *Entry) {
	u.users = append(u.users, redis.Z{Score: float64(e.Time.UnixMilli()), Member: e.Username})
	u.names = append(u.names, redis.Z{Member: nameMember(e.Username)})
}

func newUserIndex(layout *indexLayout, options Options) *userIndex {
	return &userIndex{
		layout: layout, retention: options.Retention, remember: options.Remember, flushing: make(chan struct{}, 1),
		updated: make(map[string]time.Time), troubled: make(map[string]lastFailure),
	}
}

// look looks at the layout if that is due.
func (x *userIndex) look() {
	ctx, cancel := context.WithTimeout(context.Background(), batchBudget)
	defer cancel()
	x.layout.refresh(ctx)
}

// queue queues the updates that these entries need: none, mostly. It returns the commands that add to the index.
func (x *userIndex) queue(ctx context.Context, pipe redis.Pipeliner, entries []Entry) []redis.Cmder {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.add(ctx, pipe, x.layout.write(), x.due(entries))
}

// note notes the updates that these entries need, to be written by flush.
func (x *userIndex) note(entries []Entry) {
	x.mu.Lock()
	defer x.mu.Unlock()
	due := x.due(entries)
	x.pending.users = append(x.pending.users, due.users...)
	x.pending.names = append(x.pending.names, due.names...)
	x.pending.trouble = append(x.pending.trouble, due.trouble...)
}

// introduce notes the users of entries whom the index may lack, and reports whether there are any. The next flush writes them.
func (x *userIndex) introduce(entries []Entry) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := time.Now()
	if now.Before(x.introduceAfter) {
		return false
	}
	found := false
	for i := range entries {
		e := &entries[i]
		if e.OnlyGap() || IsVisitor(e.Username) || now.Sub(x.updated[e.Username]) < x.retention/2 {
			continue
		}
		found = true
		x.updated[e.Username] = now
		x.pending.see(e)
	}
	return found
}

// notIntroduced notes that users could not be introduced. For a while no others are, because the writers of logs must not wait for the
// index with each batch.
func (x *userIndex) notIntroduced() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.introduceAfter = time.Now().Add(introducePause)
}

// flush writes what was noted. It first waits for a flush that is under way, which may be writing what the caller has noted. If a part
// can't be written, the next entries of its users are noted again. The error is that of the connection, or ctx's.
func (x *userIndex) flush(ctx context.Context, client redis.UniversalClient, r *recorder, log *slog.Logger) error {
	select {
	case x.flushing <- struct{}{}:
		defer func() { <-x.flushing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	x.mu.Lock()
	due := x.pending
	x.pending = indexUpdate{}
	x.mu.Unlock()
	pipe, index := client.Pipeline(), x.layout.write()
	added := x.add(ctx, pipe, index, due)
	if len(added) == 0 {
		return nil
	}
	_, err := pipe.Exec(ctx)
	if !x.failed(r, log, added, err) {
		return nil
	}
	lost := make(map[string]bool) // the sets that were not written
	for _, command := range added {
		if command.Err() != nil {
			lost[command.Args()[1].(string)] = true
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, z := range slices.Concat(due.users, due.trouble) {
		username := z.Member.(string)
		part := index.Part(username)
		if lost[index.Users(part)] || lost[index.Names(part)] {
			delete(x.updated, username)
		}
		if lost[index.Trouble(part)] {
			delete(x.troubled, username)
		}
	}
	return err
}

// due returns the updates that these entries need.
func (x *userIndex) due(entries []Entry) indexUpdate {
	now := time.Now()
	if len(x.updated) > maxIndexed {
		clear(x.updated)
		clear(x.troubled)
	}
	var due indexUpdate
	for i := len(entries) - 1; i >= 0; i-- { // the newest of each user
		e := &entries[i]
		if !IsVisitor(e.Username) && now.Sub(x.updated[e.Username]) >= indexInterval {
			x.updated[e.Username] = now
			due.see(e)
		}
	}
	due.trouble = x.troubles(entries, now)
	return due
}

// add queues the commands of an update, and returns those that add to the index.
func (x *userIndex) add(ctx context.Context, pipe redis.Pipeliner, index keys.Index, due indexUpdate) []redis.Cmder {
	var sets []string
	members := make(map[string][]redis.Z) // by set
	lives := make(map[string]time.Duration)
	put := func(set string, z redis.Z) {
		if members[set] == nil {
			sets = append(sets, set)
		}
		members[set] = append(members[set], z)
	}
	for i, z := range due.users {
		part := index.Part(z.Member.(string))
		put(index.Users(part), z)
		lives[index.Users(part)] = max(x.retention, x.remember) // where nobody records any more, who was there is found here
		put(index.Names(part), due.names[i])
	}
	for _, z := range due.trouble {
		put(index.Trouble(index.Part(z.Member.(string))), z)
	}
	added := make([]redis.Cmder, 0, len(sets))
	for _, set := range sets {
		added = append(added, pipe.ZAdd(ctx, set, members[set]...))
		pipe.PExpire(ctx, set, cmp.Or(lives[set], x.retention))
	}
	return added
}

// lastFailure is the failed request of a user that was written last.
type lastFailure struct {
	written  time.Time // by the clock of the writer
	severity int
}

// troubles returns the failures that the index needs: of each user the newest one, and of several within indexInterval the
// worst.
func (x *userIndex) troubles(entries []Entry, now time.Time) []redis.Z {
	var found []redis.Z
	for i := range entries {
		e := &entries[i]
		if !e.Troubles() || IsVisitor(e.Username) {
			continue
		}
		last, severity := x.troubled[e.Username], e.severity()
		newer := last.written.Equal(now) && severity == last.severity // in this batch
		if !newer && severity <= last.severity && now.Sub(last.written) < indexInterval {
			continue
		}
		x.troubled[e.Username] = lastFailure{now, severity}
		found = slices.DeleteFunc(found, func(z redis.Z) bool { return z.Member == e.Username })
		found = append(found, redis.Z{Score: troubleScore(e.Time, e.Code), Member: e.Username})
	}
	return found
}

// redo has the next transaction repeat the updates of one that failed.
func (x *userIndex) redo(entries []Entry) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, e := range entries {
		delete(x.updated, e.Username)
		delete(x.troubled, e.Username)
	}
}

// forget removes users whose log has expired, a few hundred at a time. Between its reading and its
// removing a user may come back: then the next update, seconds later, restores the name. Where Redis does not answer, the
// next call removes them.
func (x *userIndex) forget(client redis.UniversalClient, now time.Time) {
	if now.Before(x.forgetAt) {
		return
	}
	x.forgetAt = now.Add(forgetInterval)
	ctx, cancel := context.WithTimeout(context.Background(), batchBudget)
	defer cancel()
	before := "(" + lastSeenSince(now, x.retention)
	index := x.layout.write()
	pipe := client.Pipeline()
	reads := make([]*redis.ZSliceCmd, index.Parts())
	for part := range reads {
		reads[part] = pipe.ZRangeByScoreWithScores(ctx, index.Users(part), &redis.ZRangeBy{Min: "-inf", Max: before, Count: maxForgotten})
	}
	_, _ = pipe.Exec(ctx) // what can't be read now is read later
	pipe = client.Pipeline()
	for part, read := range reads {
		expired := read.Val()
		if len(expired) == 0 {
			continue
		}
		if len(expired) == maxForgotten {
			x.forgetAt = now.Add(forgetMore)
		}
		users, names := x.drop(expired)
		x.rememberGone(ctx, pipe, index.Gone(part), expired, now)
		pipe.ZRem(ctx, index.Names(part), names...) // before the users: if it fails, the next call finds them again by the set of users
		pipe.ZRem(ctx, index.Users(part), users...)
		pipe.ZRemRangeByScore(ctx, index.Trouble(part), "-inf", before)
	}
	if pipe.Len() > 0 {
		_, _ = pipe.Exec(ctx)
	}
}

// rememberGone queues commands that note which users are gone, and that forget those who have been gone for too long.
func (x *userIndex) rememberGone(ctx context.Context, pipe redis.Pipeliner, gone string, expired []redis.Z, now time.Time) {
	if x.remember <= x.retention {
		return
	}
	pipe.ZAdd(ctx, gone, expired...)
	pipe.ZRemRangeByScore(ctx, gone, "-inf", "("+lastSeenSince(now, x.remember))
	pipe.PExpire(ctx, gone, x.remember)
}

// drop forgets users who have expired, and returns their members of the sets.
func (x *userIndex) drop(expired []redis.Z) (users, names []any) {
	x.mu.Lock()
	defer x.mu.Unlock()
	users, names = make([]any, len(expired)), make([]any, len(expired))
	for i, z := range expired {
		username := z.Member.(string)
		users[i], names[i] = username, nameMember(username)
		delete(x.updated, username)
	}
	return users, names
}

// lastSeenSince is the lowest score of a user whose log has not expired.
func lastSeenSince(now time.Time, retention time.Duration) string {
	return strconv.FormatInt(now.Add(-retention).UnixMilli(), 10)
}

// nameMember is the member of [Keys.Names] for a user. The NUL ends the folded name; no username
// has one.
func nameMember(username string) string { return foldName(username) + "\x00" + username }

// Seen is a user and the time of the last recorded request, exact to about two seconds.
type Seen struct {
	Username string
	At       time.Time
}

// LastSeen returns up to limit users whose logs have not expired, the last seen first. It waits for
// Redis for two seconds at most; where a master of a Cluster hangs, for six. With [ErrPartial] there may be more users.
func (s *Store) LastSeen(ctx context.Context, limit int) ([]Seen, error) {
	_ = s.clock.refresh(ctx) // what fails by it fails below as well
	return s.lastSeen(ctx, s.Now().Add(-s.options.Retention), limit)
}

func (s *Store) lastSeen(ctx context.Context, since time.Time, limit int) ([]Seen, error) {
	least := strconv.FormatInt(since.UnixMilli(), 10)
	found, err := s.index.newest(ctx, s.index.parts(ctx, nil), func(p indexPart) string { return p.Users(p.number) }, least, limit)
	if err != nil {
		err = fmt.Errorf("read who was seen last: %w", err)
	}
	users := make([]Seen, 0, len(found))
	for _, z := range found {
		users = append(users, Seen{Username: z.Member.(string), At: time.UnixMilli(int64(z.Score)).UTC()})
	}
	return users, err
}

// newestUsers is [Store.LastSeen] for the feed, also of users whose logs have expired.
func (s *Store) newestUsers(ctx context.Context, slots map[uint16]bool, limit int) ([]string, error) {
	found, err := s.index.newest(ctx, s.index.parts(ctx, slots), func(p indexPart) string { return p.Users(p.number) }, "-inf", limit)
	if err != nil {
		err = fmt.Errorf("read who was seen last: %w", err)
	}
	users := make([]string, len(found))
	for i, z := range found {
		users[i] = z.Member.(string)
	}
	return users, err
}

// indexed notes what became of the commands that added to the user index, in the transaction of entries that ended with
// err. Where the connection failed, the next transaction adds again.
func (w *writer) indexed(added []redis.Cmder, entries []Entry, err error) {
	if w.index.failed(w.recorder, w.log, added, err) {
		w.index.redo(entries)
	}
}

// failed reports whether commands that add to the index have to be repeated after an attempt that ended with err. Where a key
// holds something else, they are not: the log says so once, and entries are written all the same.
func (x *userIndex) failed(r *recorder, log *slog.Logger, added []redis.Cmder, err error) bool {
	foreign := slices.IndexFunc(added, func(c redis.Cmder) bool { return redisreply.IsWrongType(c.Err()) })
	switch {
	case foreign >= 0:
		r.indexRefused()
		if !x.foreign {
			log.Warn("userlog: a key of the user index holds something else; entries are written, but users can't be searched or listed in full until it is renamed or deleted",
				"key", added[foreign].Args()[1], "err", added[foreign].Err())
		}
		x.foreign = true
	case err != nil:
		return true
	case len(added) > 0 && x.foreign:
		log.Info("userlog: the user index is written again")
		x.foreign = false
	}
	return false
}
