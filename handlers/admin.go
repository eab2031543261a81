package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/access"
	"github.com/gin-userlog/userlog/internal/accounts"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/directory"
	"github.com/gin-userlog/userlog/internal/httpgzip"
	"github.com/gin-userlog/userlog/internal/live"
	"github.com/gin-userlog/userlog/internal/switches"
	"github.com/gin-userlog/userlog/internal/team"
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
	words     views.Words // for programs
	faults    *faultWatch
	switched  *switchWatch
	reporting *reportWatch
	hub       *live.Hub
	accounts  *auth.Accounts
	sessions  *auth.Sessions
	tokens    *auth.Tokens
	tickets   *auth.Tickets
	passkeys  *auth.Passkeys // nil = there are none
	changes   *accounts.Changes
	switches  *switches.Changes
	rules     teamRules
	signOns   *signOnWatch // nil without a provider
	throttle  *auth.Throttle
	allowance *auth.Allowance
	audit     *audit.Log
	gate      *access.Gate
	people    *directory.People
	team      *teamWatch

	teamChanges *team.Changes
	origins     http.CrossOriginProtection
	policy      string // Content-Security-Policy, without where to report
	reports     reportLimit
	base        string // of the first mount
	mounted     bool
	log         *slog.Logger
	failures    *failureLog
	examining   chan struct{} // holds a token while somebody looks for what is wrong

	bodyTimeout time.Duration       // the constant, but for tests
	compressor  httpgzip.Compressor // of pages
}

// New returns an admin that shows the logs of a store. It does not wait for Redis. Errors are about the
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
	return newAdmin(logs, options, assets, set, tuning{}), nil
}

// tuning are values that tests make smaller. The zero values stand for the right ones.
type tuning struct {
	passwordCost  auth.Cost
	loginInterval time.Duration
	bodyTimeout   time.Duration
	hostPatience  time.Duration
	signOnTick    time.Duration
}

// newAdmin builds the admin of options that have been checked.
func newAdmin(logs *store.Store, options Options, assets *static.Assets, set *views.Set, t tuning) *Admin {
	client, keys, auditKeys := logs.Client(), auth.Keys{Prefix: logs.KeyPrefix()}, audit.Keys{Prefix: logs.KeyPrefix()}
	a := &Admin{
		options: options, logs: logs, assets: assets, views: set, words: set.Words(), policy: options.policy(), log: options.Logger,
		failures: newFailureLog(options.Logger, time.Now), faults: newFaultWatch(logs, options.Logger), switched: newSwitchWatch(logs, options.Logger), reporting: newReportWatch(logs),
		bodyTimeout: cmp.Or(t.bodyTimeout, bodyTimeout), examining: make(chan struct{}, 1),
		accounts:  auth.NewAccounts(client, keys, options.accounts(t.passwordCost)),
		sessions:  auth.NewSessions(client, keys, options.sessions()),
		tokens:    auth.NewTokens(client, keys),
		throttle:  auth.NewThrottle(client, keys),
		allowance: auth.NewAllowance(client, keys),
		audit:     audit.New(client, auditKeys, audit.Options{Copy: options.AuditCopy}),
	}
	check := auth.NewAccessCheck(a.sessions, a.tokens)
	a.tickets = auth.NewTickets(client, keys, check)
	a.changes = &accounts.Changes{Accounts: a.accounts, Sessions: a.sessions, Tokens: a.tokens, Once: auth.NewOnce(client, keys), Log: a.audit}
	if options.Passkeys != nil && options.ownLogin() {
		a.passkeys = auth.NewPasskeys(a.accounts, a.changes.Once, options.Passkeys)
	}
	a.switches = &switches.Changes{Store: logs, Log: a.audit}
	a.rules = newTeamRules(logs, a.audit)
	a.people = directory.New(directory.Options{
		Directory: options.Directory, Exists: options.UserExists, Hosts: options.FactHosts, Logger: options.Logger, Patience: t.hostPatience,
	})
	board, roster := team.NewBoard(client, team.Keys{Prefix: logs.KeyPrefix()}), audit.NewRoster(client, auditKeys)
	a.team, a.teamChanges = newTeamWatch(board, roster, logs, options.Logger), &team.Changes{Board: board, Log: a.audit, Mask: logs.MaskText, Now: logs.Now}
	a.gate = access.NewGate(access.Options{
		Log: a.audit, Roster: roster, Logger: options.Logger,
		Reasons: auth.NewReasons(client, keys), Allowance: a.allowance, SupportCodes: auth.NewSupportCodes(client, keys), RequireReason: options.RequireReason, LoginInterval: t.loginInterval,
		Looked: func(ctx context.Context, username string) { a.switched.looked(ctx, []string{username}) },
	})
	a.hub = live.NewHub(live.FromStore(logs), set, live.Options{
		CheckOrigin: func(*http.Request) bool { return true }, // [site.socket] has checked it, before the look is recorded
		MaxSockets:  options.MaxSockets, MaxPerAccount: options.MaxSocketsPerAccount, Logger: options.Logger,
		Ended: check.Ended,
		Fault: a.faults.now, Refused: a.faults.of, Looking: a.switched.looked, Teams: a.team.of,
		WatchOnly: func(ctx context.Context) bool { return recordsFew(a.switched.now(ctx)) },
	})
	if options.SingleSignOn != nil {
		a.signOns = watchSignOns(signOnWatch{
			provider: options.SingleSignOn, sessions: a.sessions.SignOns(), audit: a.audit, log: options.Logger, tick: cmp.Or(t.signOnTick, signOnTick),
		})
	}
	return a
}

// drainSpread is over how long open live pages are closed.
const drainSpread = 3 * time.Second

// Drain is what stands before [Admin.Close] where other servers go on. It lets no more live pages connect, and tells the open
// ones to connect elsewhere, one after another within three seconds, so that they don't come to another server all at once. Pages
// and the API are served as before. It returns when all have been told or, with an error, when ctx ends.
func (a *Admin) Drain(ctx context.Context) error {
	if err := a.hub.Drain(ctx, drainSpread); err != nil {
		return fmt.Errorf("drain live logs: %w", err)
	}
	return nil
}

// Close tells live pages to connect elsewhere, and notes which viewings go on there. It returns when that is done or, with
// an error, when ctx ends.
func (a *Admin) Close(ctx context.Context) error {
	var errs [2]error
	a.signOns.close()
	if err := a.hub.Close(ctx); err != nil {
		errs[0] = fmt.Errorf("close live logs: %w", err)
	}
	if err := a.gate.Close(ctx); err != nil {
		errs[1] = fmt.Errorf("close the audit log: %w", err)
	}
	return errors.Join(errs[:]...)
}
