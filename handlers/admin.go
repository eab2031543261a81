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
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/live"
	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/static"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// Options configure the admin. The zero value has its own login, and speaks the reader's language.
type Options struct {
	// Superuser makes the host application's own login the admin's: it returns the name of the
	// superuser who makes the request, or false for anybody else, who is refused. Our login page
	// does not exist then. It is called for every request to the admin. Default: nil.
	Superuser func(*gin.Context) (name string, ok bool)

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
	throttle *auth.Throttle
	origins  http.CrossOriginProtection
	policy   string // Content-Security-Policy
	base     string // of the first mount
	log      *slog.Logger
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
	set, err := views.New(assets)
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
	a.hub = live.NewHub(logs, set, live.Options{
		CheckOrigin: a.mayConnect, MaxSockets: options.MaxSockets, MaxPerAccount: options.MaxSocketsPerAccount, Logger: options.Logger,
	})
	return a, nil
}

// validate checks the options and returns the Content-Security-Policy that they lead to.
func (o Options) validate(set *views.Set) (policy string, err error) {
	if o.MaxSockets < 0 || o.MaxSocketsPerAccount < 0 {
		return "", fmt.Errorf("MaxSockets is %d and MaxSocketsPerAccount %d: use 1 or more, or 0 for the defaults", o.MaxSockets, o.MaxSocketsPerAccount)
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

// withoutPassword is raw, parsed as u or nil, as it may be shown.
func withoutPassword(raw string, u *url.URL) string {
	if u == nil || u.User == nil {
		return raw
	}
	return u.Redacted()
}

// Close tells live pages to connect elsewhere, and returns when their sockets are closed or, with an
// error, when ctx ends.
func (a *Admin) Close(ctx context.Context) error {
	if err := a.hub.Close(ctx); err != nil {
		return fmt.Errorf("close live logs: %w", err)
	}
	return nil
}

// mountable are the characters that mean themselves in a route, a URL and a cookie's path.
const mountable = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/"

// Mount adds the admin to r, usually a group such as engine.Group("/userlog"); every link follows
// its path. Requests to the admin are never recorded, and need a superuser. Mount panics, as Gin
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
	if a.options.Superuser == nil {
		public.GET("/login", s.loginPage)
		public.POST("/login", s.logIn)
		public.POST("/logout", s.logOut)
	}
	private := public.Group("", s.requireSuperuser)
	private.GET("/", s.home)
	private.GET("/static", s.staticLog)
	private.GET("/live", s.liveLog)
	private.GET("/live/everyone", s.everyone)
	private.GET("/live/socket", s.socket)
	private.GET("/users", s.suggest)
}

// NotFound answers with the admin's page for what does not exist, for use as an engine's NoRoute
// where the admin is all there is.
func (a *Admin) NotFound(c *gin.Context) {
	middleware.Skip(c)
	s := &site{Admin: a, base: a.base}
	s.writeHeaders(c)
	s.fail(c, http.StatusNotFound, nil)
}

// site is the admin as mounted at one path.
type site struct {
	*Admin
	base string // without trailing slash; "" at the root
}
