package store

import (
	"cmp"
	"hash/maphash"
	"math"
	"sync"
	"time"

	"github.com/gin-userlog/userlog/store/internal/keys"
)

// Limits of what the writer remembers of users' requests, to tell repeats of them.
const (
	rememberedUsers    = 4096        // remembered at least, of those seen last; twice as many at most
	rememberedRequests = 16          // of one user
	regularGaps        = 3           // after so many intervals in a row that are alike, a clock makes the request, and no person
	repeatPatience     = 5           // how often the same request of a person counts, until something new happens
	failurePatience    = 5           // how many failures of what pages fetch count, until a person does something
	failureNews        = time.Minute // a failure that has not come for so long is news again
)

// repeats knows which requests of each user repeat, and what this process has learned about the user's lists in Redis.
// All writers of a process share it.
type repeats struct {
	keys    keys.Keys
	sharded bool // lines are published on the channels of slots
	seed    maphash.Seed

	mu            sync.Mutex
	recent, older map[string]*knownUser // by username
}

func newRepeats(keys keys.Keys, sharded bool) *repeats {
	return &repeats{keys: keys, sharded: sharded, seed: maphash.MakeSeed(), recent: make(map[string]*knownUser)}
}

// knownUser is what is remembered of one user.
type knownUser struct {
	keys     [rememberedRequests]uint64 // of requests, to find them in little memory
	requests []repeated
	next     int   // of requests, the first that may be forgotten
	failures int   // how many failures of what pages fetch have counted, since a person did something
	unnamed  int64 // the unnamedLosses.total up to which this user's log tells losses
	lists    lists
	pushed   int // the place in the transaction that is being made, if this user has one there
}

// repeated is a request that may come again and again.
type repeated struct {
	page uint64 // hash of the page that asks; 0 where that is not known

	last  int64 // when it last came, in Unix microseconds
	gap   int64 // the interval between the last two times, in microseconds; it is no gap of a log
	first int64 // when run began, in Unix microseconds

	run    int32 // how often it came by itself
	fresh  int16 // how often a person made it since something new happened
	alike  int8  // how many intervals in a row are alike; regularGaps at most
	byHand bool  // it is of a kind that a person causes
}

// of returns what is remembered of a user. It belongs to the writer that has entries of this user.
func (all *repeats) of(username string) *knownUser {
	all.mu.Lock()
	defer all.mu.Unlock()
	if u := all.recent[username]; u != nil {
		return u
	}
	u := all.older[username]
	if u == nil {
		u = &knownUser{lists: newLists(all.keys, username, all.sharded)}
	}
	if len(all.recent) >= rememberedUsers {
		all.recent, all.older = make(map[string]*knownUser, rememberedUsers), all.recent
	}
	all.recent[username] = u
	return u
}

// note decides whether an entry of a user counts, and notes how often the same was recorded before.
func (all *repeats) note(u *knownUser, e *Entry) {
	e.Repeats, e.Since, e.aside = 0, time.Time{}, false
	if e.byHand() {
		all.noteStep(u, e)
	} else {
		all.notePart(u, e)
	}
}

// noteStep decides about a request of a kind that a person causes. It does not count where it comes like clockwork, or
// again and again while nothing else happens.
func (all *repeats) noteStep(u *knownUser, e *Entry) {
	path := e.Path
	if e.Purpose() == KindUnknown {
		path = withoutQuery(path) // a program repeats one address with other queries; a person who does so looks for other things
	}
	r, known := u.find(all.request(e, path), 0, true)
	if !known {
		u.somethingNew()
	}
	r.noteTime(e.Time.UnixMicro())
	if r.fresh <= repeatPatience {
		r.fresh++
	}
	if e.aside = r.alike >= regularGaps || r.fresh > repeatPatience; e.aside {
		r.count(e)
		return
	}
	r.run, u.failures = 0, 0
	all.openPage(u, e)
}

// openPage has what a page fetches be counted from the beginning again, because a person has opened the page again.
func (all *repeats) openPage(u *knownUser, e *Entry) {
	if kind := e.Purpose(); kind != KindPage && kind != KindUnknown && e.Location == "" {
		return
	}
	path, location := all.address(e.Path), all.address(e.Location)
	for i := range u.requests {
		if r := &u.requests[i]; !r.byHand && (r.page == 0 || r.page == path || r.page == location) {
			r.run = 0
		}
	}
}

// notePart notes what a page fetched. That counts only if it failed, and if that is news.
func (all *repeats) notePart(u *knownUser, e *Entry) {
	r, known := u.find(all.request(e, withoutQuery(e.Path)), all.address(e.From), false)
	at := e.Time.UnixMicro()
	news := !known || r.run == 0 || at-r.last > failureNews.Microseconds()
	r.last = at
	r.count(e)
	if !e.Failed() {
		return
	}
	if e.aside = !news || u.failures >= failurePatience; !e.aside {
		u.failures++
	}
}

// request is the hash of what an entry asks for and whether it failed, with its address cut to what tells it apart.
func (all *repeats) request(e *Entry, path string) uint64 {
	hash := maphash.String(all.seed, path)*31 + maphash.String(all.seed, e.Method)
	if e.Failed() {
		return ^hash
	}
	return hash
}

// address is the hash of a page's address without its query, 0 for none.
func (all *repeats) address(address string) uint64 {
	if address == "" {
		return 0
	}
	return cmp.Or(maphash.String(all.seed, withoutQuery(address)), 1)
}

// find returns what is remembered of a request, which a page made or, byHand, a person. Where too much is remembered, a new
// request takes the place of one that does not repeat.
func (u *knownUser) find(request, page uint64, byHand bool) (r *repeated, known bool) {
	key := request + 3*page
	if byHand {
		key = ^key
	}
	for i := range u.requests {
		if u.keys[i] == key {
			return &u.requests[i], true
		}
	}
	i := len(u.requests)
	if i < rememberedRequests {
		u.requests = append(u.requests, repeated{})
	} else {
		i = u.forget()
	}
	u.keys[i], u.requests[i] = key, repeated{page: page, byHand: byHand}
	return &u.requests[i], false
}

// forget returns the place of a request to forget: each in its turn, unless it repeats and others do not.
func (u *knownUser) forget() int {
	for range rememberedRequests {
		i := u.next
		u.next = (u.next + 1) % rememberedRequests
		if r := &u.requests[i]; r.run <= 1 && r.alike <= 1 {
			return i
		}
	}
	return u.next
}

// somethingNew lets requests that a person repeats count again, because something else has happened.
func (u *knownUser) somethingNew() {
	for i := range u.requests {
		u.requests[i].fresh = 0
	}
}

// noteTime notes that the request came once more, and how many intervals before it were alike. Two intervals are alike if they
// differ by a quarter at most.
func (r *repeated) noteTime(at int64) {
	gap := at - r.last
	switch {
	case r.last == 0:
	case gap < 0:
		r.alike = 0
	case r.alike > 0 && max(gap-r.gap, r.gap-gap) > r.gap/4:
		r.alike = 1
	default:
		r.alike = min(r.alike+1, regularGaps)
	}
	r.last, r.gap = at, gap
}

// count counts an entry that came by itself.
func (r *repeated) count(e *Entry) {
	if r.run == 0 {
		r.first = e.Time.UnixMicro()
	}
	if r.run < math.MaxInt32 {
		r.run++
	}
	if r.run > 1 {
		e.Repeats, e.Since = int(r.run), time.UnixMicro(r.first).UTC()
	}
}
