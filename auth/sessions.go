package auth

import (
	"fmt"
	"time"

	ginsessions "github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
	"github.com/gorilla/sessions"
	"github.com/redis/go-redis/v9"
)

// SessionOptions say how sessions are kept. The zero value is right for a program that serves
// https itself, and for plain http on one's own machine.
type SessionOptions struct {
	// Secure confines the cookie to https for every request. Default: false, the cookie of requests that
	// come without TLS to a loopback address is sent without TLS too.
	Secure bool

	// Domain, such as "example.com", shares the cookie with that domain's subdomains, and with all their
	// ports and paths. Default: "", only the very host that sets it gets it back, which is safer.
	Domain string

	// Now tells the time. Default: time.Now.
	Now func() time.Time
}

// Sessions logs people in and out, and tells who is logged in. A browser holds a random secret in
// a cookie. Everything else is in Redis. A session ends after 30 minutes without a request, and 12
// hours after the login at the latest. An account has 100 at most: one more ends the oldest.
type Sessions struct {
	store    *sessionStore
	accounts accountStore
}

// NewSessions returns the sessions that client's Redis holds. It doesn't connect, and doesn't close
// client.
func NewSessions(client redis.UniversalClient, keys Keys, options SessionOptions) *Sessions {
	if options.Now == nil {
		options.Now = time.Now
	}
	s := &sessionStore{
		client: client, keys: keys, owned: sessionIDs(client, keys),
		cookies: cookies{domain: options.Domain, secure: options.Secure}, now: options.Now,
	}
	return &Sessions{store: s, accounts: accountStore{client, keys}}
}

// At returns the same sessions for an admin that browsers find at the path base, such as "/userlog": a
// login there is none at another path.
func (s *Sessions) At(base string) *Sessions {
	store := *s.store
	store.cookies.base = base
	return &Sessions{store: &store, accounts: s.accounts}
}

// Middleware gives handlers gin-contrib/sessions' session of the request, for values of their own;
// the methods of Sessions work without it. It hides a session of the same kind that the host
// application has set up: don't use it where the host's own login is asked.
func (s *Sessions) Middleware() gin.HandlerFunc {
	return func(c *gin.Context) { ginsessions.Sessions(s.store.cookies.name(c.Request), s.store)(c) }
}

// Access returns who is logged in, the zero Access for nobody. A session is nobody's after its account
// was disabled, or has got another password or role. An error means that Redis didn't answer and
// nothing is known: it is neither a login nor a logout.
func (s *Sessions) Access(c *gin.Context) (Access, error) {
	session, err := s.session(c)
	if err != nil {
		return Access{}, fmt.Errorf("ask who is logged in: %w", err)
	}
	state, _ := session.Values[storedKey{}].(storedSession)
	if state.Account == "" {
		return Access{}, nil
	}
	if state.SignOn {
		who, err := s.signOnAccess(c.Request.Context(), state.Account, session.ID)
		if err != nil {
			return Access{}, fmt.Errorf("ask whose login it is: %w", err)
		}
		return who, nil
	}
	found, err := s.accounts.read(c.Request.Context(), state.Account)
	if err != nil {
		return Access{}, fmt.Errorf("ask whose login it is: %w", err)
	}
	return found.access(state.Account, state.Generation, ViaSession, session.ID), nil
}

// LogIn begins a new session of the account, as it was when the password was verified. It ends the
// session that the request came with and all that it held. So nothing is taken over that somebody else
// may have planted there. The address is the client's, for the account's list of sessions. Call LogIn
// before the response's header is written. After an error nobody is logged in.
func (s *Sessions) LogIn(c *gin.Context, account Account, address string) error {
	return s.logIn(c, account, address, func(storedSession) int64 { return s.store.now().Unix() })
}

// LogInAgain is [Sessions.LogIn] for the owner of the request's session, who has given a new password. Of an account with a second factor,
// the password proves nothing: the new session was proven when the one before was.
func (s *Sessions) LogInAgain(c *gin.Context, account Account, address string) error {
	if !account.SecondFactor {
		return s.LogIn(c, account, address)
	}
	return s.logIn(c, account, address, func(before storedSession) int64 { return before.Proven })
}

// logIn is LogIn of a session that was proven when the function says, of the session that it replaces.
func (s *Sessions) logIn(c *gin.Context, account Account, address string, proven func(before storedSession) int64) error {
	session, err := s.session(c)
	if err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	before, _ := session.Values[storedKey{}].(storedSession)
	if _, err := s.store.discard(c.Request.Context(), session); err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	session.Values[storedKey{}] = storedSession{
		Account: account.Name, Generation: account.generation, SignOn: account.signedOn, Address: address, Agent: shown(c.Request.UserAgent(), maxAgent),
		Proven: proven(before),
	}
	if err := s.store.Save(c.Request, c.Writer, session); err != nil {
		clear(session.Values)
		return fmt.Errorf("log in: %w", err)
	}
	return nil
}

// LogOut ends the session. The session is deleted, so that a copy of the cookie is worth nothing, and
// the browser's cookie is taken back. Call it before the response's header is written. After an error
// the session may still be open.
//
// It reports whether this call has ended the session. Of several requests that come with one cookie, only one has.
func (s *Sessions) LogOut(c *gin.Context) (ended bool, err error) {
	session, err := s.session(c)
	if err != nil {
		return false, fmt.Errorf("log out: %w", err)
	}
	if ended, err = s.store.end(c.Request, c.Writer, session); err != nil {
		return ended, fmt.Errorf("log out: %w", err)
	}
	return ended, nil
}

func (s *Sessions) session(c *gin.Context) (*sessions.Session, error) {
	return s.store.Get(c.Request, s.store.cookies.name(c.Request))
}
