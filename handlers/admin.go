package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/httpgzip"
	"github.com/gin-userlog/userlog/internal/live"
	"github.com/gin-userlog/userlog/static"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// Admin is the admin of one store. Close it before the store.
type Admin struct {
	options   Options
	logs      *store.Store
	assets    *static.Assets
	views     *views.Set
	hub       *live.Hub
	accounts  *auth.Accounts
	sessions  *auth.Sessions
	tokens    *auth.Tokens
	throttle  *auth.Throttle
	allowance *auth.Allowance
	reasons   *auth.Reasons
	audit     *audit.Log
	viewings  *audit.Viewings
	origins   http.CrossOriginProtection
	policy    string // Content-Security-Policy
	base      string // of the first mount
	log       *slog.Logger

	loginInterval time.Duration       // the constant, but for tests
	bodyTimeout   time.Duration       // likewise
	compressor    httpgzip.Compressor // of pages
}

// New returns an admin that shows what logs holds. It does not wait for Redis; errors are about the
// options, which they name.
func New(logs *store.Store, options Options) (*Admin, error) {
	if logs == nil {
		return nil, errors.New("handlers: there is no store: pass what store.Open returned, after checking its error")
	}
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	if err := options.validate(); err != nil {
		return nil, fmt.Errorf("handlers: %w", err)
	}
	assets, err := static.New()
	if err != nil {
		return nil, fmt.Errorf("handlers: %w", err)
	}
	set, err := views.New(assets, views.Links{Site: options.SiteURL, Trace: options.TraceURL})
	if err != nil {
		return nil, fmt.Errorf("handlers: %w", err)
	}
	if err := options.validateLanguage(set.Languages()); err != nil {
		return nil, fmt.Errorf("handlers: %w", err)
	}
	return newAdmin(logs, options, assets, set, auth.Cost{}), nil
}

// newAdmin builds the admin of options that have been checked. The zero cost of passwords is the default.
func newAdmin(logs *store.Store, options Options, assets *static.Assets, set *views.Set, cost auth.Cost) *Admin {
	client, keys := logs.Client(), auth.Keys{Prefix: logs.KeyPrefix()}
	a := &Admin{
		options: options, logs: logs, assets: assets, views: set, policy: options.policy(), log: options.Logger,
		loginInterval: loginInterval, bodyTimeout: bodyTimeout,
		accounts:  auth.NewAccounts(client, keys, auth.AccountOptions{LoginElsewhere: !options.ownLogin(), Cost: cost}),
		sessions:  auth.NewSessions(client, keys, auth.SessionOptions{Secure: options.SecureCookies, Domain: options.CookieDomain}),
		tokens:    auth.NewTokens(client, keys),
		throttle:  auth.NewThrottle(client, keys),
		allowance: auth.NewAllowance(client, keys),
		reasons:   auth.NewReasons(client, keys),
		audit:     audit.New(client, audit.Keys{Prefix: logs.KeyPrefix()}, audit.Options{}),
	}
	a.viewings = audit.NewViewings(pacedLog{a.audit, a.allowance}, options.Logger)
	a.hub = live.NewHub(live.FromStore(logs), set, live.Options{
		CheckOrigin: func(*http.Request) bool { return true }, // [site.socket] has asked, before it writes down who looks
		MaxSockets:  options.MaxSockets, MaxPerAccount: options.MaxSocketsPerAccount, Logger: options.Logger,
		Ended: auth.NewAccessCheck(a.sessions, a.tokens).Ended,
	})
	return a
}

// Close tells live pages to connect elsewhere, writes down that what was looked at is looked at no
// longer, and returns when that is done or, with an error, when ctx ends.
func (a *Admin) Close(ctx context.Context) error {
	var errs [2]error
	if err := a.hub.Close(ctx); err != nil {
		errs[0] = fmt.Errorf("close live logs: %w", err)
	}
	if err := a.viewings.Close(ctx); err != nil {
		errs[1] = fmt.Errorf("close the audit log: %w", err)
	}
	return errors.Join(errs[:]...)
}
