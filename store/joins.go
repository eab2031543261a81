package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Limits of joining: what a visitor did is written into the log of the user as whom the visitor logs in.
const (
	joinTimeout  = 2 * time.Second       // after which the logs stay apart, and a link leads from one to the other
	joinPause    = 5 * time.Millisecond  // between two looks at the visitor's log, doubling
	maxJoinPause = 80 * time.Millisecond // and at most this
	joinSilence  = 30 * time.Minute      // what the browser did before so long a silence may have been somebody else's doing
	maxJoins     = 100                   // at once
	maxJoined    = 10_000                // visitors who are remembered as having logged in
	maxHeld      = 200                   // requests of a user that wait until the visitor's requests are written
)

// errJoined says that another process has joined the visitor's log already.
var errJoined = errors.New("store: the visitor has logged in before")

// joins writes what visitors did into the logs of the users as whom they log in. For example, a visitor opens two pages, and then logs in
// as ada. Then ada's log gets the two pages first, and the login behind them. Meanwhile ada's further requests wait, so that her log is
// in the order of time.
type joins struct {
	active  atomic.Int32 // users whose requests wait
	context context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu     sync.Mutex
	held   map[string][]Entry // by username, the oldest first
	joined map[string]bool    // visitors who have logged in
	closed bool
}

func newJoins() *joins {
	ctx, cancel := context.WithCancel(context.Background())
	return &joins{context: ctx, cancel: cancel, held: make(map[string][]Entry), joined: make(map[string]bool)}
}

// Join records the request e, by which or after which a visitor is logged in as e.Username. The visitor's log gets the request as well: its last
// line says as whom the visitor goes on. The visitor's entries of the same visit are written into the user's log, once, in front of e. A silence
// of half an hour ends the visit: somebody else may have used the browser before. The user's requests wait meanwhile, for two seconds at most. Where
// Redis does not answer in that time, the logs stay apart, and [Entry.Visitor] of e says where the other one is. Join does not block.
func (s *Store) Join(visitor string, e Entry) {
	if s.recorder.leavesOut(&e) {
		s.recorder.leftOut()
		return
	}
	switch s.joins.begin(visitor, &e) {
	case joinsNow:
		e.Extra = maps.Clone(e.Extra)
		go s.join(visitor, e)
	case joinsLate:
		e.Visitor = visitor
		fallthrough
	case joinsNot:
		if !s.joins.hold(&e) {
			s.recorder.accept(&e)
		}
	}
}

// joining says whether the log of a visitor who has logged in is joined.
type joining int

const (
	joinsNot  joining = iota // it has been joined before, or it is not the log of a visitor who has become a user
	joinsLate                // it is not joined, since too many logs are being joined, or another one to that of the same user
	joinsNow
)

// begin decides whether a visitor is joined. It sees to it that e is the first request that waits.
func (j *joins) begin(visitor string, e *Entry) joining {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed || j.joined[visitor] || !IsVisitor(visitor) || CheckUsername(e.Username) != nil || IsVisitor(e.Username) {
		return joinsNot
	}
	if len(j.joined) >= maxJoined {
		clear(j.joined) // Redis still knows which logs have been joined
	}
	j.joined[visitor] = true
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	if _, waits := j.held[e.Username]; waits || len(j.held) >= maxJoins {
		return joinsLate
	}
	j.held[e.Username] = nil
	j.active.Add(1)
	j.running.Add(1)
	return joinsNow
}

// hold keeps a request back while what its user did before logging in is being written. It returns false for one that needs not wait.
func (j *joins) hold(e *Entry) bool {
	if j.active.Load() == 0 {
		return false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	waiting, waits := j.held[e.Username]
	if !waits || len(waiting) >= maxHeld {
		return false
	}
	kept := *e
	kept.Extra = maps.Clone(e.Extra)
	if kept.Time.IsZero() {
		kept.Time = time.Now()
	}
	j.held[e.Username] = append(waiting, kept)
	return true
}

// IsJoined reports whether this process has seen a visitor log in. A browser that comes with the visitor's cookie after that, and is not
// logged in, may be somebody else's. It does not block.
func (s *Store) IsJoined(visitor string) bool {
	s.joins.mu.Lock()
	defer s.joins.mu.Unlock()
	return s.joins.joined[visitor]
}

// join writes what a visitor did, the login, and what came after it.
func (s *Store) join(visitor string, e Entry) {
	defer s.joins.running.Done()
	last := e
	last.ID = strings.ToLower(rand.Text()[:12]) + "-v"
	last.Username, last.Became, last.Reference = visitor, e.Username, ""
	s.recorder.accept(&last)
	ctx, cancel := context.WithTimeout(s.joins.context, joinTimeout)
	defer cancel()
	before, err := s.beforeLogin(ctx, visitor, e.Username, last.ID)
	switch {
	case err == nil:
		s.carrySupport(ctx, visitor, e.Username)
		for _, one := range sameVisit(before, e.Time) {
			one.Username, one.Visitor, one.Reference = e.Username, visitor, "" // which leads to the visitor's line
			s.recorder.admit(&one, true)
		}
	case !errors.Is(err, errJoined):
		e.Visitor = visitor
	}
	s.recorder.accept(&e)
	for waiting := s.joins.next(e.Username); len(waiting) > 0; waiting = s.joins.next(e.Username) {
		for i := range waiting {
			s.recorder.record(&waiting[i])
		}
	}
}

// next returns the requests of a user that wait. When none do, further ones need not wait.
func (j *joins) next(username string) []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	waiting := j.held[username]
	if j.held[username] = nil; len(waiting) == 0 {
		delete(j.held, username)
		j.active.Add(-1)
	}
	return waiting
}

// close ends all joins, and waits until what they hold back has been recorded.
func (j *joins) close() {
	j.mu.Lock()
	j.closed = true
	j.mu.Unlock()
	j.cancel()
	j.running.Wait()
}

// beforeLogin reads what a visitor did until the line with an id, the newest first, when all of that is written. The visitor is username's
// from now on, and the error is errJoined where that has been so before.
func (s *Store) beforeLogin(ctx context.Context, visitor, username, id string) ([]Entry, error) {
	first, err := s.clients.reader.SetNX(ctx, s.keys.Joined(visitor), username, s.options.Retention).Result()
	switch {
	case err != nil:
		return nil, fmt.Errorf("join the log of a visitor: %w", err)
	case !first:
		return nil, errJoined
	}
	for pause := joinPause; ; pause = min(2*pause, maxJoinPause) {
		log, err := s.Log(ctx, visitor)
		if err != nil {
			return nil, err
		}
		if at := slices.IndexFunc(log.Entries, func(e Entry) bool { return e.ID == id }); at >= 0 {
			before, _ := Log{Entries: log.Entries[at+1:]}.Requests()
			return before, nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// sameVisit are those of a visitor's requests, the newest first, that belong to a login at some time: the oldest first.
func sameVisit(before []Entry, login time.Time) []Entry {
	next, n := login, 0
	for n < len(before) && next.Sub(before[n].Time) < joinSilence && before[n].Became == "" {
		next = before[n].Time
		n++
	}
	visit := slices.Clone(before[:n])
	slices.Reverse(visit)
	return visit
}
