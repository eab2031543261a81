package store

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// SupportCodeFor is how long a support code can be used, and how long after that it is known who has used it.
const SupportCodeFor = 15 * time.Minute

// Limits of support codes.
const (
	supportCodeSize   = 6
	supportTimeout    = 500 * time.Millisecond // for which a host's request waits
	supportTries      = 5                      // codes that may be taken, one after the other
	supportPerMinute  = 300                    // codes that a process gives
	supportPause      = 10 * time.Second       // between two codes that take the place of one customer's last one
	supportSeparators = " -.\u00a0\u2010\u2011\u2013"
)

// Why there is no support code, or why one opens nothing.
var (
	ErrSupportBusy = errors.New("store: too many support codes within a minute")
	ErrSupportCode = errors.New("store: the support code is unknown or has expired")
	ErrSupportUsed = errors.New("store: somebody else has used the support code")
)

// Support is a customer's call for help: the code that she says on the phone and, once an agent has opened her log by it, who that is.
type Support struct {
	Code  string // six digits
	Agent string // the account that has opened the log; "" = nobody yet
	Word  string // that both the agent and the customer see, such as "tulip"; "" until then
}

// ParseSupportCode reads a support code as people type it, with spaces, hyphens and dots. ok is false for what is none. Names of users may
// consist of six digits, too.
func ParseSupportCode(text string) (code string, ok bool) {
	code = strings.Map(func(r rune) rune {
		if strings.ContainsRune(supportSeparators, r) {
			return -1
		}
		return r
	}, text)
	return code, len(code) == supportCodeSize && strings.Trim(code, "0123456789") == ""
}

// supportCodes makes codes, and counts how many this process has given within a minute. Requests of one customer take turns: so two requests at
// the same time get the same code, and count once.
type supportCodes struct {
	next func() string

	mu      sync.Mutex
	since   time.Time
	given   int
	renewed map[string]time.Time     // by username, of this minute and the pause before it
	turns   map[string]chan struct{} // by username, closed when the turn is over
}

func newSupportCodes() *supportCodes {
	return &supportCodes{next: newSupportCode, renewed: make(map[string]time.Time), turns: make(map[string]chan struct{})}
}

// enter waits until it is a customer's turn, or until ctx ends. The customer who has the turn has to leave.
func (l *supportCodes) enter(ctx context.Context, username string) error {
	for {
		l.mu.Lock()
		other, taken := l.turns[username]
		if !taken {
			l.turns[username] = make(chan struct{})
		}
		l.mu.Unlock()
		if !taken {
			return nil
		}
		select {
		case <-other:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// leave ends a customer's turn.
func (l *supportCodes) leave(username string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.turns[username])
	delete(l.turns, username)
}

// isRenewed reports whether a customer's code has just taken the place of another one.
func (l *supportCodes) isRenewed(username string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, renewed := l.renewed[username]
	return renewed && now.Sub(at) < supportPause
}

// take reports whether one more may be given. renews tells that the customer has one.
func (l *supportCodes) take(username string, renews bool, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.since) >= time.Minute {
		l.since, l.given = now, 0
		maps.DeleteFunc(l.renewed, func(_ string, at time.Time) bool { return now.Sub(at) >= supportPause })
	}
	if l.given >= supportPerMinute {
		return false
	}
	if l.given++; renews {
		l.renewed[username] = now
	}
	return true
}

// SupportCode returns the code by which one agent opens the log of a user or a visitor, within [SupportCodeFor]. As long as a code holds, further
// calls return the same code, and who has used it. With anew there is a new code, and the old one opens nothing any more. A process gives
// a customer a new code once in ten seconds, and returns the last one otherwise. The error is [ErrSupportBusy], that of [CheckUsername], or
// Redis'. It waits for Redis for half a second at most.
func (s *Store) SupportCode(ctx context.Context, username string, anew bool) (Support, error) {
	if err := CheckUsername(username); err != nil {
		return Support{}, fmt.Errorf("store: support code: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, supportTimeout)
	defer cancel()
	if !anew {
		if known, err := s.Supported(ctx, username); err != nil || known.Code != "" {
			return known, err
		}
	}
	if err := s.supports.enter(ctx, username); err != nil {
		return Support{}, fmt.Errorf("wait for a support code: %w", err)
	}
	defer s.supports.leave(username)
	return s.giveSupport(ctx, username, anew)
}

// giveSupport is SupportCode for who has the turn.
func (s *Store) giveSupport(ctx context.Context, username string, anew bool) (Support, error) {
	known, err := s.Supported(ctx, username)
	now := time.Now()
	if err != nil || known.Code != "" && (!anew || s.supports.isRenewed(username, now)) {
		return known, err
	}
	if !s.supports.take(username, known.Code != "", now) {
		return Support{}, ErrSupportBusy
	}
	code, err := s.reserveSupport(ctx, username)
	if err != nil {
		return Support{}, fmt.Errorf("give a support code: %w", err)
	}
	return s.pointToSupport(ctx, username, code, known.Code)
}

// reserveSupport finds a code that nobody has, and that is no user's name.
func (s *Store) reserveSupport(ctx context.Context, username string) (code string, err error) {
	for range supportTries {
		code = s.supports.next()
		pipe := s.clients.reader.Pipeline()
		reserved := pipe.SetNX(ctx, s.keys.Support(code), username, SupportCodeFor)
		used, named := pipe.Exists(ctx, s.keys.SupportUse(code)), pipe.Exists(ctx, s.keys.Log(code))
		if _, err = pipe.Exec(ctx); err != nil {
			return "", err
		}
		switch {
		case !reserved.Val():
		case used.Val() > 0 || named.Val() > 0:
			s.clients.reader.Del(ctx, s.keys.Support(code))
		default:
			return code, nil
		}
	}
	return "", ErrSupportBusy
}

// pointToSupport notes which code a user has, in place of the old one or "". If two requests do so at the same time, both get the code of
// the first.
func (s *Store) pointToSupport(ctx context.Context, username, code, old string) (Support, error) {
	key := s.keys.SupportOf(username)
	if old != "" {
		pipe := s.clients.reader.Pipeline()
		pipe.Del(ctx, s.keys.Support(old))
		pipe.Set(ctx, key, code, SupportCodeFor)
		if _, err := pipe.Exec(ctx); err != nil {
			return Support{}, fmt.Errorf("note a support code: %w", err)
		}
		return Support{Code: code}, nil
	}
	first, err := s.clients.reader.SetNX(ctx, key, code, SupportCodeFor).Result()
	switch {
	case err != nil:
		return Support{}, fmt.Errorf("note a support code: %w", err)
	case first:
		return Support{Code: code}, nil
	}
	s.clients.reader.Del(ctx, s.keys.Support(code))
	return s.Supported(ctx, username)
}

// newSupportCode returns six random digits, all as likely.
func newSupportCode() string {
	const codes = 1_000_000
	var random [4]byte
	for {
		rand.Read(random[:]) // never fails, says its documentation
		if n := binary.BigEndian.Uint32(random[:]); n < (1<<32)/codes*codes {
			return fmt.Sprintf("%0*d", supportCodeSize, n%codes)
		}
	}
}

// Supported returns the code that a user or visitor has, and who has used it. The zero Support is that of somebody without a code, or whose
// code has expired. It waits for Redis for two seconds at most.
func (s *Store) Supported(ctx context.Context, username string) (Support, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	code, err := s.clients.reader.Get(ctx, s.keys.SupportOf(username)).Result()
	if err != nil || len(code) != supportCodeSize {
		return Support{}, notNil("read a support code", err)
	}
	pipe := s.clients.reader.Pipeline()
	whose, use := pipe.Get(ctx, s.keys.Support(code)), pipe.Get(ctx, s.keys.SupportUse(code))
	if err := redisreply.Exec(ctx, pipe); err != nil {
		return Support{}, fmt.Errorf("read a support code: %w", err)
	}
	if whose.Val() != username {
		return Support{}, nil // it has expired between the two readings
	}
	word, agent, _ := strings.Cut(use.Val(), "\x00")
	return Support{Code: code, Agent: agent, Word: word}, nil
}

// SupportLeft returns for how long a support code still holds, 0 for one that has expired. It is for admins: applications may not be allowed to
// ask. It waits for Redis for two seconds at most.
func (s *Store) SupportLeft(ctx context.Context, code string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	left, err := s.clients.reader.PTTL(ctx, s.keys.Support(code)).Result()
	if err != nil {
		return 0, fmt.Errorf("read for how long a support code holds: %w", err)
	}
	return max(left, 0), nil
}

// OpenSupport uses a support code: it returns whose log it leads to. Only one agent can, and as often as she wants while the code holds. The
// error is [ErrSupportCode], [ErrSupportUsed], or Redis'. It waits for Redis for two seconds at most.
func (s *Store) OpenSupport(ctx context.Context, code, agent string) (username string, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	if username, err = s.SupportOwner(ctx, code); err != nil {
		return "", err
	}
	code, _ = ParseSupportCode(code) // which SupportOwner has read
	use := s.keys.SupportUse(code)
	first, err := s.clients.reader.SetNX(ctx, use, newSupportWord()+"\x00"+agent, SupportCodeFor).Result()
	if err != nil {
		return "", fmt.Errorf("use a support code: %w", err)
	}
	if !first {
		used, err := s.clients.reader.Get(ctx, use).Result()
		if _, by, _ := strings.Cut(used, "\x00"); err == nil && by != agent {
			return "", ErrSupportUsed
		}
		return username, notNil("use a support code", err)
	}
	pipe := s.clients.reader.Pipeline() // so that both see the word for as long, from now on
	pipe.PExpire(ctx, s.keys.Support(code), SupportCodeFor)
	pipe.PExpire(ctx, use, SupportCodeFor)
	pipe.PExpire(ctx, s.keys.SupportOf(username), SupportCodeFor)
	if _, err = pipe.Exec(ctx); err != nil {
		return "", fmt.Errorf("use a support code: %w", err)
	}
	return username, nil
}

// carrySupport gives the user, as whom a visitor logs in, the visitor's code if an agent has used it. So the customer's page keeps showing
// the word that the agent's page shows. A user who has a code already keeps that one. Where Redis does not answer, nothing changes.
func (s *Store) carrySupport(ctx context.Context, visitor, username string) {
	call, err := s.Supported(ctx, visitor)
	if err != nil || call.Agent == "" {
		return
	}
	first, err := s.clients.reader.SetNX(ctx, s.keys.SupportOf(username), call.Code, SupportCodeFor).Result()
	if err != nil || !first {
		return
	}
	pipe := s.clients.reader.Pipeline()
	pipe.Set(ctx, s.keys.Support(call.Code), username, SupportCodeFor)
	pipe.PExpire(ctx, s.keys.SupportUse(call.Code), SupportCodeFor)
	_, _ = pipe.Exec(ctx) // the code is nobody's then, and the page asks for a new one
}

// SupportOwner returns whose log a support code leads to, without using it. The error is [ErrSupportCode], or Redis'. It waits for Redis
// for two seconds at most.
func (s *Store) SupportOwner(ctx context.Context, code string) (username string, err error) {
	code, ok := ParseSupportCode(code)
	if !ok {
		return "", ErrSupportCode
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	username, err = s.clients.reader.Get(ctx, s.keys.Support(code)).Result()
	switch {
	case errors.Is(err, redis.Nil), redisreply.IsWrongType(err), err == nil && CheckUsername(username) != nil:
		return "", ErrSupportCode
	case err != nil:
		return "", fmt.Errorf("look a support code up: %w", err)
	}
	return username, nil
}

// notNil wraps an error of Redis, unless it is that there is nothing.
func notNil(doing string, err error) error {
	if err == nil || errors.Is(err, redis.Nil) || redisreply.IsWrongType(err) {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
