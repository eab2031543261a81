package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"
)

// Times of logins at a provider.
const (
	// SignOnInterval is how often the provider is asked again about each session.
	SignOnInterval = 20 * time.Second
	// SignOnPatience is how long a session goes on while the provider does not answer.
	SignOnPatience = 5 * time.Minute

	signOnLease     = 15 * time.Second    // for which one process asks about a session
	signOnGrace     = time.Minute         // by which those who ask may be late
	subjectLifetime = 90 * 24 * time.Hour // of a name since its last login
)

// Errors of logins at a provider.
var (
	ErrSubject     = errors.New("another person of the provider has this name")
	ErrNotReserved = errors.New("another process asks about the session, or it has ended")
)

// SignedOn is a person whom a provider has logged in. The name can be folded ([FoldName]).
type SignedOn struct {
	Name    string
	Subject string // by which the provider knows the person for ever
	Role    Role
	Sealed  string // what the provider is asked with again; nobody can read it who has only Redis

	Proven time.Time // when the provider has asked who it is, for [Sessions.IsProven]; zero = that is not known
}

// storedSignOn is what Redis has of a session that began at a provider, besides the session.
type storedSignOn struct {
	Account string `json:"account"`
	Role    Role   `json:"role"`
	Sealed  string `json:"sealed"`
	Checked int64  `json:"checked"` // Unix seconds: when the provider has answered last

	Generation int64 `json:"generation,omitempty"` // of the account of that name here, at the login; 0 where there was none
}

// LogInElsewhere is [Sessions.LogIn] for a person whom a provider has logged in. It returns [ErrSubject] where the name is that of another
// person there who has logged in within 90 days, and [ErrDisabled] where an account of this name is disabled here.
func (s *Sessions) LogInElsewhere(c *gin.Context, who SignedOn, address string) error {
	ctx := c.Request.Context()
	generation, err := s.claimName(ctx, who)
	if err != nil {
		return err
	}
	proven := func(storedSession) int64 {
		if who.Proven.IsZero() {
			return 0
		}
		return who.Proven.Unix()
	}
	if err := s.logIn(c, Account{Name: who.Name, signedOn: true}, address, proven); err != nil {
		return err
	}
	session, err := s.session(c)
	if err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	now := s.store.now()
	line, err := json.Marshal(storedSignOn{who.Name, who.Role, who.Sealed, now.Unix(), generation})
	if err == nil {
		err = s.store.client.ZAdd(ctx, s.store.keys.signOns(), redis.Z{Score: float64(now.Add(SignOnInterval).UnixMilli()), Member: session.ID}).Err()
	}
	if err == nil {
		err = s.store.client.Set(ctx, s.store.keys.signOn(session.ID), line, sessionLifetime).Err()
	}
	if err != nil { // nobody is logged in: the session is none without it
		return fmt.Errorf("log in: %w", err)
	}
	return nil
}

// ClaimName returns nil where [Sessions.LogInElsewhere] would let the person in, or else one of its errors. Ask it before anything is
// written down in the name, which may be somebody else's.
func (s *Sessions) ClaimName(ctx context.Context, who SignedOn) error {
	_, err := s.claimName(ctx, who)
	return err
}

// claimName notes whose name it is at the provider, and returns the generation of the account of that name. People may change their names
// there, also to that of somebody else.
func (s *Sessions) claimName(ctx context.Context, who SignedOn) (generation int64, err error) {
	found, err := s.accounts.read(ctx, who.Name)
	switch {
	case err != nil:
		return 0, fmt.Errorf("log in: %w", err)
	case found[who.Name].Disabled:
		return 0, ErrDisabled
	}
	generation = found[who.Name].Generation
	key, subject := s.store.keys.signOnSubject(who.Name), hashPair("subject", who.Subject)
	err = s.store.client.SetArgs(ctx, key, subject, redis.SetArgs{Mode: "NX", TTL: subjectLifetime}).Err()
	if err == nil {
		return generation, nil
	}
	if !errors.Is(err, redis.Nil) {
		return 0, fmt.Errorf("log in: %w", err)
	}
	known, err := s.store.client.Get(ctx, key).Result()
	switch {
	case err != nil:
		return 0, fmt.Errorf("log in: %w", err)
	case known != subject: // whose attempts keep the name for nobody
		return 0, ErrSubject
	}
	if err := s.store.client.Expire(ctx, key, subjectLifetime).Err(); err != nil {
		return 0, fmt.Errorf("log in: %w", err)
	}
	return generation, nil
}

// signOnAccess is the access that a session gives that began at a provider.
func (s *Sessions) signOnAccess(ctx context.Context, account, id string) (Access, error) {
	signOns, err := readSignOns(ctx, s.store, []string{id})
	if err != nil {
		return Access{}, err
	}
	found, err := s.accounts.read(ctx, account)
	if err != nil {
		return Access{}, err
	}
	return signOns.access(account, id, found, s.store.now()), nil
}

// storedSignOns are some by the ids of their sessions.
type storedSignOns map[string]storedSignOn

// access is what such a session allows. A session of which the provider has said nothing for too long allows nothing until it does, for
// instance because nobody could ask.
func (all storedSignOns) access(account, id string, accounts storedAccounts, now time.Time) Access {
	r := all[id]
	if !all.goesOn(account, id, accounts) || now.Sub(time.Unix(r.Checked, 0)) > SignOnPatience+signOnGrace {
		return Access{}
	}
	return Access{Account: account, Role: r.Role, Via: ViaSignOn, ID: id, generation: r.Generation}
}

// goesOn reports whether such a session has not ended. An act that ends the sessions of the account of that name here has ended this one, too.
func (all storedSignOns) goesOn(account, id string, accounts storedAccounts) bool {
	r, ok := all[id]
	return ok && r.Account == account && !accounts[account].Disabled && accounts[account].Generation == r.Generation
}

func readSignOns(ctx context.Context, store *sessionStore, ids []string) (storedSignOns, error) {
	lines, err := readEach(ctx, store.client, store.keys.signOn, ids)
	if err != nil {
		return nil, err
	}
	all := make(storedSignOns, len(lines))
	for id, line := range lines {
		var r storedSignOn
		if json.Unmarshal([]byte(line), &r) == nil {
			all[id] = r
		}
	}
	return all, nil
}

// SignOns are the sessions about which a provider has to be asked again.
type SignOns struct{ store *sessionStore }

// SignOns returns those that are kept where these sessions are.
func (s *Sessions) SignOns() SignOns { return SignOns{s.store} }

// Due returns the ids of sessions about which the provider is to be asked now, the one that waits longest first and 100 at most.
func (s SignOns) Due(ctx context.Context) ([]string, error) {
	ids, err := s.store.client.ZRangeByScore(ctx, s.store.keys.signOns(), &redis.ZRangeBy{
		Min: "-inf", Max: strconv.FormatInt(s.store.now().UnixMilli(), 10), Count: 100,
	}).Result()
	if err != nil {
		return nil, fmt.Errorf("look for sessions of the provider: %w", err)
	}
	return ids, nil
}

// Checking is a session about which this process asks the provider.
type Checking struct {
	ID      string
	Access  Access // as it was
	Sealed  string
	Overdue bool // the provider has not answered for longer than [SignOnPatience]
	Address string

	store *sessionStore
	was   storedSignOn
}

// Reserve lets one of several processes ask about a session. The others, and all where the session has ended, get [ErrNotReserved]. End the
// reservation with one of the methods of Checking.
func (s SignOns) Reserve(ctx context.Context, id string) (*Checking, error) {
	err := s.store.client.SetArgs(ctx, s.store.keys.claim("sign-on", id), 1, redis.SetArgs{Mode: "NX", TTL: signOnLease}).Err()
	switch {
	case errors.Is(err, redis.Nil):
		return nil, ErrNotReserved
	case err != nil:
		return nil, fmt.Errorf("reserve a session: %w", err)
	}
	c := &Checking{ID: id, store: s.store}
	sessions, err := s.store.peek(ctx, []string{id})
	if err != nil {
		return nil, fmt.Errorf("read a session: %w", err)
	}
	signOns, err := readSignOns(ctx, s.store, []string{id})
	if err != nil {
		return nil, fmt.Errorf("read a session: %w", err)
	}
	session, open := sessions[id]
	was, known := signOns[id]
	if !open || !known {
		return nil, errors.Join(ErrNotReserved, c.End(ctx))
	}
	c.was, c.Sealed, c.Address = was, was.Sealed, session.Address
	c.Access = Access{Account: was.Account, Role: was.Role, Via: ViaSignOn, ID: id}
	c.Overdue = s.store.now().Sub(time.Unix(was.Checked, 0)) > SignOnPatience
	return c, nil
}

// Keep notes what the provider has answered. A role that is another one closes open pages, which come back with it.
func (c *Checking) Keep(ctx context.Context, role Role, sealed string) error {
	c.was.Role, c.was.Checked = role, c.store.now().Unix()
	return c.again(ctx, sealed)
}

// Later notes that the provider has not answered. It keeps what is asked with the next time, unless that is "".
func (c *Checking) Later(ctx context.Context, sealed string) error { return c.again(ctx, sealed) }

func (c *Checking) again(ctx context.Context, sealed string) error {
	if sealed != "" {
		c.was.Sealed = sealed
	}
	line, err := json.Marshal(c.was)
	if err != nil {
		return fmt.Errorf("keep a session: %w", err)
	}
	err = c.store.client.SetArgs(ctx, c.store.keys.signOn(c.ID), line, redis.SetArgs{Mode: "XX", KeepTTL: true}).Err()
	if errors.Is(err, redis.Nil) { // a logout came first
		return c.End(ctx)
	}
	if err == nil {
		err = c.store.client.ZAdd(ctx, c.store.keys.signOns(), redis.Z{Score: float64(c.store.now().Add(SignOnInterval).UnixMilli()), Member: c.ID}).Err()
	}
	if err != nil {
		return fmt.Errorf("keep a session: %w", err)
	}
	return c.release(ctx)
}

// End ends the session.
func (c *Checking) End(ctx context.Context) error {
	if err := c.store.client.Del(ctx, c.store.keys.signOn(c.ID)).Err(); err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	if c.was.Account != "" {
		if err := c.store.owned.end(ctx, c.was.Account, c.ID); err != nil {
			return err
		}
	}
	if err := c.store.client.ZRem(ctx, c.store.keys.signOns(), c.ID).Err(); err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return c.release(ctx)
}

// release lets others ask. Where Redis fails, the reservation ends by itself.
func (c *Checking) release(ctx context.Context) error {
	_ = c.store.client.Del(ctx, c.store.keys.claim("sign-on", c.ID)).Err()
	return nil
}

// KeepAttempt gives the browser what it has to bring back from the provider, for ten minutes.
func (s *Sessions) KeepAttempt(c *gin.Context, attempt string) {
	cookie := s.store.cookies.cookie(c.Request, s.attemptName(c), attempt)
	cookie.MaxAge = 600
	http.SetCookie(c.Writer, cookie)
}

// TakeAttempt returns what the browser brings back, "" for nothing, and takes it away.
func (s *Sessions) TakeAttempt(c *gin.Context) string {
	cookie, err := c.Request.Cookie(s.attemptName(c))
	if err != nil {
		return ""
	}
	s.store.cookies.expire(c.Writer, c.Request, s.attemptName(c))
	return cookie.Value
}

// attemptName is that of the session's cookie, and more.
func (s *Sessions) attemptName(c *gin.Context) string {
	return s.store.cookies.name(c.Request) + ".sign-on"
}
