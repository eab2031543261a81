// Package handlers is the admin: the pages on which superusers read and watch logs, to be mounted in
// a Gin application of the host's or our own.
//
// Each page has a file. A handler reads the request, asks store and auth, and fills in a struct of
// package views; nothing here knows HTML or Redis.
package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/audit"
	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/httpgzip"
	"github.com/gin-userlog/userlog/live"
	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/static"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// Options configure the admin. The zero value has its own login, and speaks the reader's language.
type Options struct {
	// Identify makes the host application's own login the admin's: it returns the name and the role
	// of who makes the request, or no role for anybody else, who is refused. Our login page does not
	// exist then. It is called for every request to the admin, and for open sockets when they
	// connect again, which is every minute. Default: nil.
	Identify func(*gin.Context) (name string, role auth.Role)

	// AuthHeader makes the login of a proxy in front the admin's: it is the header, such as
	// X-Forwarded-User, in which the proxy names whom it has authenticated. It is believed only in
	// requests from TrustedProxies, which it needs, and the proxy must remove it from what its
	// clients send. An account of that name gives the role. Our login page does not exist then.
	// Default: "", none.
	AuthHeader string

	// AuthHeaderRole is the role of those whom the proxy names and who have no account. Default: "",
	// they are refused.
	AuthHeaderRole auth.Role

	// TrustedProxies are the addresses of proxies whose X-Forwarded-For is believed, for the limit of
	// logins and for the viewing log, and whose AuthHeader is. Default: none.
	TrustedProxies []netip.Prefix

	// UserExists lets the pages tell "User ada not found." from "No logs for ada.". An error counts
	// as yes, and is logged. Default: nil, everybody might exist.
	UserExists func(ctx context.Context, username string) (bool, error)

	// Language pins the language of all pages, as a tag such as "fr". Default: "", the reader's
	// choice, then the browser's.
	Language string

	// LiveURL is the ws:// or wss:// URL of the live socket, where another process serves it, such
	// as wss://live.example.com/userlog/live/socket. Default: "", this admin's own.
	LiveURL string

	// CookieDomain is the domain whose hosts share the login, such as example.com. Default: "", this
	// host only.
	CookieDomain string

	// SecureCookies says that browsers reach the admin by TLS although this process does not see
	// it, because a proxy ends TLS in front. Default: false, as each request came.
	SecureCookies bool

	// AllowedOrigins are further origins whose pages may open the live socket, such as
	// https://admin.example.com. The socket's own host always may. Default: none.
	AllowedOrigins []string

	// MaxSockets is how many live sockets this process serves at once; more are answered 503.
	// Default: 10,000.
	MaxSockets int

	// MaxSocketsPerAccount is how many of them one superuser may have open; more are answered 429.
	// Default: 100.
	MaxSocketsPerAccount int

	// SiteURL is the origin of the watched site, such as https://shop.example.com, which stands in front
	// of addresses that are copied from a log. Default: "", they are copied without.
	SiteURL string

	// TraceURL leads to a request in a tracing or log system: {request_id} in it is replaced, as in
	// https://traces.example.com/search?id={request_id}. Default: "", no link is shown.
	TraceURL string

	// RequireReason has everybody state a reason, such as the number of a ticket, before a log opens.
	// It holds for half an hour and is written to the viewing log. Default: false.
	RequireReason bool

	// Logger is told of errors. Default: slog.Default().
	Logger *slog.Logger
}

// Admin is the admin of one store. Close it before the store.
type Admin struct {
	options  Options
	logs     *store.Store
	assets   *static.Assets
	views    *views.Set
	hub      *live.Hub
	accounts *auth.Accounts
	sessions *auth.Sessions
	tokens   *auth.Tokens
	guard    *auth.Guard
	throttle *auth.Throttle
	reasons  *auth.Reasons
	audit    *audit.Log
	viewings *audit.Viewings
	origins  http.CrossOriginProtection
	policy   string // Content-Security-Policy
	base     string // of the first mount
	log      *slog.Logger

	compressor httpgzip.Compressor // of pages
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
	assets, err := static.New()
	if err != nil {
		return nil, fmt.Errorf("handlers: %w", err)
	}
	set, err := views.New(assets, views.Links{Site: options.SiteURL, Trace: options.TraceURL})
	if err != nil {
		return nil, fmt.Errorf("handlers: %w", err)
	}
	policy, err := options.validate(set)
	if err != nil {
		return nil, fmt.Errorf("handlers: %w", err)
	}
	a := &Admin{
		options: options, logs: logs, assets: assets, views: set, policy: policy, log: options.Logger,
		accounts: auth.NewAccounts(logs.Client(), logs.Keys()),
		throttle: auth.NewThrottle(logs.Client(), logs.Keys()),
		sessions: auth.NewSessions(logs.Client(), logs.Keys(), auth.SessionOptions{
			Secure: options.SecureCookies, Domain: options.CookieDomain,
		}),
	}
	a.reasons = auth.NewReasons(logs.Client(), logs.Keys())
	a.audit = audit.New(logs.Client(), logs.Keys(), audit.Options{})
	a.viewings = audit.NewViewings(a.audit, options.Logger)
	a.tokens = auth.NewTokens(logs.Client(), logs.Keys())
	a.guard = auth.NewGuard(a.sessions, a.tokens)
	a.hub = live.NewHub(logs, set, live.Options{
		CheckOrigin: a.mayConnect, MaxSockets: options.MaxSockets, MaxPerAccount: options.MaxSocketsPerAccount, Logger: options.Logger,
		Ended: a.guard.Ended,
	})
	return a, nil
}

// validate checks the options and returns the Content-Security-Policy that they lead to.
func (o Options) validate(set *views.Set) (policy string, err error) {
	if o.MaxSockets < 0 || o.MaxSocketsPerAccount < 0 {
		return "", fmt.Errorf("MaxSockets is %d and MaxSocketsPerAccount %d: use 1 or more, or 0 for the defaults", o.MaxSockets, o.MaxSocketsPerAccount)
	}
	if err := o.validateLogin(); err != nil {
		return "", err
	}
	var tags []string
	for _, l := range set.Languages() {
		tags = append(tags, l.Tag)
	}
	if o.Language != "" && !slices.Contains(tags, o.Language) {
		return "", fmt.Errorf("language %q is not spoken here: use one of %s", o.Language, strings.Join(tags, ", "))
	}
	if strings.ContainsAny(o.CookieDomain, "/: ;,") {
		return "", fmt.Errorf("cookie domain %q: use a name such as example.com", o.CookieDomain)
	}
	for _, origin := range o.AllowedOrigins {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Scheme+"://"+u.Host != origin {
			return "", fmt.Errorf("allowed origin %q: use scheme and host, such as https://admin.example.com", origin)
		}
	}
	if err := o.validateLinks(); err != nil {
		return "", err
	}
	connect := "'self'"
	if o.LiveURL != "" {
		u, err := url.Parse(o.LiveURL)
		if err != nil || u.Scheme != "ws" && u.Scheme != "wss" || u.Host == "" || u.User != nil ||
			strings.ContainsAny(o.LiveURL, "?#") || strings.ContainsAny(u.Host, ";, ") {
			return "", fmt.Errorf("live URL %q: use ws:// or wss:// with host and path only, such as wss://live.example.com/userlog/live/socket", withoutPassword(o.LiveURL, u))
		}
		connect += " " + u.Scheme + "://" + u.Host
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src " +
		connect + "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'", nil
}

// validateLinks checks where rows lead.
func (o Options) validateLinks() error {
	if u, err := url.Parse(o.SiteURL); o.SiteURL != "" && (err != nil || !isHTTP(u) || u.User != nil || u.Scheme+"://"+u.Host != o.SiteURL) {
		return fmt.Errorf("site URL %q: use scheme and host, such as https://shop.example.com", o.SiteURL)
	}
	if u, err := url.Parse(strings.ReplaceAll(o.TraceURL, "{request_id}", "x")); o.TraceURL != "" && (err != nil || !isHTTP(u) || !strings.Contains(o.TraceURL, "{request_id}")) {
		return fmt.Errorf("trace URL %q: use a URL with {request_id} in it, such as https://traces.example.com/search?id={request_id}", o.TraceURL)
	}
	return nil
}

func isHTTP(u *url.URL) bool { return (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" }

// validateLogin checks whose login it is.
func (o Options) validateLogin() error {
	switch {
	case o.AuthHeader != "" && o.Identify != nil:
		return errors.New("there are two logins, Identify and AuthHeader: use one")
	case o.AuthHeader != "" && len(o.TrustedProxies) == 0:
		return fmt.Errorf("anybody could send the header %s: name the proxies that are trusted", o.AuthHeader)
	case o.AuthHeader != "" && strings.Trim(o.AuthHeader, headerName) != "":
		return fmt.Errorf("%q is not the name of a header: use one such as X-Forwarded-User", o.AuthHeader)
	case o.AuthHeaderRole != "" && o.AuthHeader == "":
		return errors.New("there is a role for names in a header, but no header: set AuthHeader")
	}
	if o.AuthHeaderRole != "" {
		if _, err := auth.ParseRole(string(o.AuthHeaderRole)); err != nil {
			return fmt.Errorf("%q: %w", o.AuthHeaderRole, err)
		}
	}
	return nil
}

// headerName are the characters of a header's name that are in use.
const headerName = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

// withoutPassword is raw, parsed as u or nil, as it may be shown.
func withoutPassword(raw string, u *url.URL) string {
	if u == nil || u.User == nil {
		return raw
	}
	return u.Redacted()
}

// Close tells live pages to connect elsewhere, writes down that what was looked at is looked at no
// longer, and returns when that is done or, with an error, when ctx ends.
func (a *Admin) Close(ctx context.Context) error {
	var errs [2]error
	if err := a.hub.Close(ctx); err != nil {
		errs[0] = fmt.Errorf("close live logs: %w", err)
	}
	if err := a.viewings.Close(ctx); err != nil {
		errs[1] = fmt.Errorf("close the viewing log: %w", err)
	}
	return errors.Join(errs[:]...)
}

// mountable are the characters that mean themselves in a route, a URL and a cookie's path.
const mountable = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/"

// Mount adds the admin to r, usually a group such as engine.Group("/userlog"); every link follows
// its path. Requests to the admin are never recorded, and need a role. Mount panics, as Gin
// does, where the routes can't be added; the path must consist of letters, digits and - . _ ~ between
// its slashes.
func (a *Admin) Mount(r gin.IRouter) {
	base := strings.TrimSuffix(r.Group("").BasePath(), "/")
	if strings.Trim(base, mountable) != "" {
		panic(fmt.Sprintf("handlers: the admin can't be mounted at %q: use a path without parameters, of letters, digits and - . _ ~ /", base))
	}
	if a.base == "" {
		a.base = base
	}
	s := &site{Admin: a, base: base}
	public := r.Group("", middleware.Skip, s.secure)
	public.GET("/static/:file", s.asset)
	public.HEAD("/static/:file", s.asset)
	public.POST("/language", s.setLanguage)
	if a.ownLogin() {
		public.GET("/login", s.loginPage)
		public.POST("/login", s.logIn)
		public.POST("/logout", s.logOut)
		page(public, "/password", s.passwordPage)
		public.POST("/password", s.setPassword)
	}
	public.GET("/live/socket", s.requireSocketAccess, s.socket)
	private := public.Group("", s.requireLogin)
	page(private, "/", s.home)
	page(private, "/static", s.staticLog)
	page(private, "/live", s.liveLog)
	page(private, "/live/everyone", s.everyone)
	page(private, "/summary", s.summary)
	page(private, "/users", s.suggest)
	superusers := private.Group("", s.requireSuperuser)
	page(superusers, "/audit", s.auditLog)
	superusers.GET("/audit/export", s.auditExport)
	if a.options.RequireReason {
		private.POST("/reason", s.stateReason)
	}
	page(private, "/account", s.ownAccount)
	private.POST("/account/token", s.createToken)
	private.POST("/account/token/revoke", s.revokeToken)
	if a.ownLogin() {
		private.POST("/account/password", s.changePassword)
		private.POST("/account/session", s.endSession)
		private.POST("/account/sessions", s.endOwnSessions)
	}
	accounts := private.Group("/accounts", s.requireSuperuser)
	page(accounts, "", s.accountList)
	accounts.POST("/create", s.createAccount)
	accounts.POST("/disable", s.disableAccount)
	accounts.POST("/enable", s.enableAccount)
	accounts.POST("/role", s.changeRole)
	accounts.POST("/sessions", s.endAccountSessions)
	if a.ownLogin() {
		accounts.POST("/link", s.makeLink)
	}
	api := public.Group("/api", s.requireToken)
	page(api, "/users", s.apiUsers)
	page(api, "/log", s.apiLog)
}

// page adds what answers GET and, as net/http has it, HEAD.
func page(r gin.IRouter, path string, handler gin.HandlerFunc) {
	r.GET(path, handler)
	r.HEAD(path, handler)
}

// NotFound answers with the admin's page for what does not exist, for use as an engine's NoRoute
// where the admin is all there is.
func (a *Admin) NotFound(c *gin.Context) { a.failAnywhere(c, http.StatusNotFound) }

// Recovered answers with the admin's page for what went wrong, for use with gin.CustomRecovery where the
// admin is all there is. An answer that has begun is left as it is.
func (a *Admin) Recovered(c *gin.Context, _ any) {
	if c.Writer.Written() {
		c.Abort()
		return
	}
	a.failAnywhere(c, http.StatusInternalServerError)
}

// failAnywhere sends an error page, whatever was asked for.
func (a *Admin) failAnywhere(c *gin.Context, status int) {
	middleware.Skip(c)
	s := &site{Admin: a, base: a.base}
	s.writeHeaders(c)
	s.fail(c, status, nil)
}

// site is the admin as mounted at one path.
type site struct {
	*Admin
	base string // without trailing slash; "" at the root
}
