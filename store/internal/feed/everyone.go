package feed

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// Limits of everyone's log.
const (
	everyoneRing  = 1024              // entries of all users, for viewers that come back
	everyoneShown = 50                // of those, for a viewer that is new
	everyoneLists = 100               // users whose logs are read at a time
	everyoneUsers = 4000              // users whose lists are checked for new entries
	maxRemembered = 2 * everyoneUsers // users whose newest entry is remembered
)

// knowledge is what everyone's topic knows when a snapshot begins.
type knowledge struct {
	synced bool
	newest map[string]newestLine
	whole  bool      // newest has every user who had a log
	to     time.Time // of the newest entry
}

// head is the newest end of one user's list.
type head struct {
	username string
	newest   *Line         // nil where that line is no entry
	left     time.Duration // until the list expires; -1 = it does not, -2 = there is no list
}

func (h head) exists() bool { return h.left != -2 }

// remembered is the part of a head that the topic remembers.
func (h head) remembered(now time.Time) newestLine {
	m := newestLine{id: h.newest.ID}
	if h.left >= 0 {
		m.expires = now.Add(h.left)
	}
	return m
}

// everyoneReader reads everyone's logs, or on a Cluster those of the users whose slots a master has.
type everyoneReader struct {
	feed   *Feed
	client redis.UniversalClient // of the server that has the lists
	slots  map[uint16]bool       // on a Cluster: what is to be read; nil = all
	knowledge
	full int
}

// about reports whether a user is one of those to be read.
func (r *everyoneReader) about(username string) bool {
	return r.slots == nil || r.slots[r.feed.options.Keys.Slot(username)]
}

// read finds the entries that all users made since the topic last heard of any. Where it can't know all of these, it finds the
// newest entries of the users who were seen last. An entry is new if it came into the list of its user after the newest entry
// that the topic knows of this user. A clock decides only where the topic knows none.
func (r *everyoneReader) read(ctx context.Context) (snapshot, error) {
	heads, all, err := r.readHeads(ctx)
	if err != nil {
		return snapshot{}, err
	}
	found, err := r.readFrom(ctx, heads, all)
	if err != nil {
		return snapshot{}, err
	}
	found.slots, found.about = r.slots, r.about
	if r.slots == nil {
		found.setCursors()
	}
	return found, nil
}

func (r *everyoneReader) readFrom(ctx context.Context, heads []head, all bool) (snapshot, error) {
	now, retention := time.Now(), r.feed.options.Retention
	if changed, lost := r.changed(heads, now); r.synced && all && !lost && len(changed) <= everyoneLists {
		lists, err := r.readLists(ctx, changed)
		if err != nil {
			return snapshot{}, err
		}
		if found, whole := r.news(r.own(heads), lists, now, retention); whole {
			return found, nil
		}
	}
	lists, err := r.readLists(ctx, heads[:min(len(heads), everyoneLists)])
	if err != nil {
		return snapshot{}, err
	}
	found := r.anew(r.own(heads), lists, now, retention)
	found.whole, found.order.partial = all, !all
	return found, nil
}

// setCursors gives the entries their cursors. An entry's cursor is its id where every process would find the same order.
// Elsewhere the cursor has the name of this snapshot, too: a process that does not know the snapshot answers with a gap.
// Entries that are too old for the ring get the name unexamined, since no viewer can resume behind them.
func (r *snapshot) setCursors() {
	name := rand.Text()
	for _, entries := range [][]*Line{r.before, r.entries} {
		old := len(entries) - everyoneRing
		for i, e := range entries {
			if i < old || !r.order.isCertain(e.Username, e.ID) {
				e.Cursor = e.ID + "~" + name
			}
		}
	}
}

// news is the snapshot that goes on where the topic was. whole tells that it lacks no entry.
func (k knowledge) news(heads []head, changed []list, now time.Time, retention time.Duration) (r snapshot, whole bool) {
	r = newSnapshot(heads, changed, now)
	r.reaches, r.whole = func(*Line) bool { return true }, true
	for _, l := range changed {
		news, _, exact := k.split(l, now)
		if !exact {
			return snapshot{}, false
		}
		r.entries = append(r.entries, news...)
		r.order.add(l.head, news, true, retention)
	}
	sortEveryone(r.entries)
	return r, true
}

// anew is the snapshot with which a topic begins, for the first time or after a gap.
func (k knowledge) anew(heads []head, lists []list, now time.Time, retention time.Duration) snapshot {
	r := newSnapshot(heads, lists, now)
	r.reaches = func(*Line) bool { return false }
	for _, h := range heads {
		if h.newest != nil {
			r.order.add(h, []*Line{h.newest}, false, retention)
		}
	}
	for _, l := range lists {
		news, before, _ := k.split(l, now)
		r.entries, r.before = append(r.entries, news...), append(r.before, before...)
		r.order.add(l.head, l.entries, !l.full, retention)
	}
	sortEveryone(r.entries)
	sortEveryone(r.before)
	return r
}

// newSnapshot returns a snapshot without entries, which knows the newest entry of each user.
func newSnapshot(heads []head, lists []list, now time.Time) snapshot {
	r := snapshot{newest: make(map[string]newestLine, len(heads)), order: certainty{lists: make(map[string]listing, len(heads))}}
	for _, h := range heads {
		if h.newest != nil {
			r.newest[h.username] = h.remembered(now)
		}
	}
	for _, l := range lists {
		if n := len(l.entries); n > 0 {
			l.head.newest = l.entries[n-1]
			r.newest[l.username] = l.head.remembered(now)
		}
	}
	return r
}

// readHeads looks at the lists of the users who were seen last, and of those who are known. all tells that there are no
// other users.
func (r *everyoneReader) readHeads(ctx context.Context) (heads []head, all bool, err error) {
	users, all, err := r.readUsers(ctx)
	if err != nil || len(users) == 0 {
		return nil, all, err
	}
	names := r.feed.options.Keys
	pipe := r.client.Pipeline()
	lines, left := make([]*redis.StringCmd, len(users)), make([]*redis.DurationCmd, len(users))
	for i, username := range users {
		lines[i], left[i] = pipe.LIndex(ctx, names.Log(username), 0), pipe.PTTL(ctx, names.Log(username))
	}
	if err := r.exec(ctx, pipe); err != nil {
		return nil, false, fmt.Errorf("look at everyone's logs: %w", err)
	}
	for i, username := range users {
		if redisreply.IsRedirection(lines[i].Err()) || redisreply.IsRedirection(left[i].Err()) {
			delete(r.slots, names.Slot(username)) // on its way to another master
			continue
		}
		h := head{username: username, left: left[i].Val()}
		if e, err := r.feed.decode(username, lines[i].Val()); err == nil {
			h.newest = e
		}
		heads = append(heads, h)
	}
	return r.own(heads), all, nil
}

// own leaves out the heads of slots that turned out to be on their way to another master.
func (r *everyoneReader) own(heads []head) []head {
	return slices.DeleteFunc(heads, func(h head) bool { return !r.about(h.username) })
}

// readUsers finds the users who were seen last, and adds those who are known: applications other than ours may record them,
// and have no user index. A Cluster may lack the index while it has their lists: then there may be others.
func (r *everyoneReader) readUsers(ctx context.Context) (users []string, all bool, err error) {
	indexing := ctx
	if r.slots != nil {
		var cancel context.CancelFunc
		indexing, cancel = context.WithTimeout(ctx, roundTimeout/4) // another master may have some of it, and be away
		defer cancel()
	}
	users, err = r.feed.options.Users(indexing, r.slots, everyoneUsers)
	switch {
	case err == nil:
		all = len(users) < everyoneUsers
	case r.slots == nil:
		return nil, false, err
	}
	indexed := make(map[string]bool, len(users))
	for _, username := range users {
		indexed[username] = true
	}
	for username := range r.newest {
		if !indexed[username] {
			users = append(users, username)
		}
	}
	return slices.DeleteFunc(users, func(username string) bool { return !r.about(username) }), all, nil
}

// exec executes a pipeline. On a Cluster, what another master has is told by the commands themselves.
func (r *everyoneReader) exec(ctx context.Context, pipe redis.Pipeliner) error {
	if r.slots != nil {
		return redisreply.ExecOnMaster(ctx, pipe)
	}
	return redisreply.Exec(ctx, pipe)
}

// changed returns the lists that have new entries. lost tells that a list is gone before its time.
func (k knowledge) changed(heads []head, now time.Time) (changed []head, lost bool) {
	for _, h := range heads {
		m, known := k.newest[h.username]
		switch {
		case !h.exists():
			lost = lost || known && !m.expired(now.Add(clockMargin))
		case !known || h.newest == nil || h.newest.ID != m.id:
			changed = append(changed, h)
		}
	}
	return changed, lost
}

// list is the part of one user's list that was read.
type list struct {
	head
	entries []*Line // oldest first
	full    bool    // so that older ones may have been cut off
}

// readLists reads the lists of several users in one round trip.
func (r *everyoneReader) readLists(ctx context.Context, heads []head) ([]list, error) {
	if len(heads) == 0 {
		return nil, nil
	}
	pipe := r.client.Pipeline()
	lines := make([]*redis.StringSliceCmd, len(heads))
	for i, h := range heads {
		lines[i] = pipe.LRange(ctx, r.feed.options.Keys.Log(h.username), 0, int64(r.feed.options.MaxEntries)-1)
	}
	if err := r.exec(ctx, pipe); err != nil {
		return nil, fmt.Errorf("read the newest entries of %d users: %w", len(heads), err)
	}
	lists := make([]list, 0, len(heads))
	for i, h := range heads {
		if redisreply.IsRedirection(lines[i].Err()) {
			delete(r.slots, r.feed.options.Keys.Slot(h.username))
			continue
		}
		lists = append(lists, list{h, r.feed.oldestFirst(h.username, lines[i].Val()), len(lines[i].Val()) >= r.full})
	}
	return slices.DeleteFunc(lists, func(l list) bool { return !r.about(l.username) }), nil
}

// split parts the new entries of a list from the others. exact tells that the place between the two is known, and that the
// list lacks no entry there.
func (k knowledge) split(l list, now time.Time) (news, before []*Line, exact bool) {
	m, known := k.newest[l.username]
	if known {
		if i := slices.IndexFunc(l.entries, func(e *Line) bool { return e.ID == m.id }); i >= 0 {
			return l.entries[i+1:], l.entries[:i+1], true
		}
		return l.entries, nil, !l.full && m.expired(now.Add(clockMargin))
	}
	if k.whole || !k.synced {
		return l.entries, nil, !l.full
	}
	i := slices.IndexFunc(l.entries, func(e *Line) bool { return e.Time.After(k.to.Add(-clockMargin)) })
	if i < 0 {
		i = len(l.entries)
	}
	return l.entries[i:], l.entries[:i], false
}

// sortEveryone puts the entries of all lists into one order, in which each list keeps its own.
func sortEveryone(entries []*Line) {
	at := make(map[*Line]time.Time, len(entries))
	latest := map[string]time.Time{}
	for _, e := range entries {
		if e.Time.After(latest[e.Username]) {
			latest[e.Username] = e.Time
		}
		at[e] = latest[e.Username]
	}
	slices.SortStableFunc(entries, func(a, b *Line) int { return cmp.Compare(at[a].UnixMicro(), at[b].UnixMicro()) })
}
