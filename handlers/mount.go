package handlers

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/static"
)

// site is the admin at one path, as the browser of a request sees it.
type site struct {
	*Admin
	prefix   string         // what a proxy in front has taken off the path
	base     string         // path of the admin, with the prefix and without a trailing slash; "" at the root
	sessions *auth.Sessions // of this path
	browsers *auth.KnownBrowsers
}

// at is the admin that is mounted at base, where a proxy in front takes prefix off the path.
func (a *Admin) at(prefix, base string) *site {
	sessions := a.sessions.At(prefix + a.base)
	return &site{Admin: a, prefix: prefix, base: prefix + base, sessions: sessions, browsers: sessions.KnownBrowsers()}
}

// mountable are the characters that mean themselves in a route, a URL and a cookie's path and name.
const mountable = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/"

// mountPoint is where the admin is mounted. Its handlers see the admin as the browser of each request does.
type mountPoint struct {
	*Admin
	base  string
	usual *site // where no proxy says otherwise
}

// handle makes a handler of a method of [site].
func (m mountPoint) handle(method func(*site, *gin.Context)) gin.HandlerFunc {
	return func(c *gin.Context) {
		if prefix := m.externalPrefix(c); prefix != m.usual.prefix {
			method(m.at(prefix, m.base), c)
			return
		}
		method(m.usual, c)
	}
}

// Mount adds the admin to r, usually a group such as engine.Group("/userlog"); every link follows
// its path. Requests to the admin are never recorded, and need a role. Mount panics, as Gin
// does, where the routes can't be added; the path must consist of letters, digits and - . _ ~ between
// its slashes.
func (a *Admin) Mount(r gin.IRouter) {
	base := strings.TrimSuffix(r.Group("").BasePath(), "/")
	if strings.Trim(base, mountable) != "" {
		panic(fmt.Sprintf("handlers: the admin can't be mounted at %q: use a path without parameters, of letters, digits and - . _ ~ /", base))
	}
	if !a.mounted {
		a.base, a.mounted = base, true
	}
	m := mountPoint{Admin: a, base: base, usual: a.at(a.options.ExternalPrefix, base)}
	on := m.handle
	all := r.Group("", middleware.Skip, on((*site).recordRefusal), on((*site).secure))
	page(all, "/"+static.Folder+"/:file", gin.WrapH(a.assets))
	public := all.Group("", on((*site).requirePage))
	if base != "" {
		page(public, "", on((*site).addSlash))
	}
	public.POST("/language", on((*site).setLanguage))
	public.POST("/theme", on((*site).setTheme))
	if a.options.ownLogin() {
		page(public, "/login", on((*site).loginPage))
		public.POST("/login", on((*site).logIn))
		page(public, "/login/second", on((*site).secondStep))
		public.POST("/login/second", on((*site).takeSecondFactor))
		if a.passkeys != nil {
			page(public, "/login/passkey", on((*site).askPasskey))
			public.POST("/login/passkey", on((*site).logInByPasskey))
		}
		public.POST("/logout", on((*site).logOut))
		page(public, "/password", on((*site).passwordPage))
		public.POST("/password", on((*site).setPassword))
	}
	if a.options.SingleSignOn != nil {
		page(public, "/login", on((*site).loginPage))
		public.POST("/logout", on((*site).logOut))
		public.GET("/sign-on", on((*site).requireClick), on((*site).beginSignOn)) // a login is recorded, and the provider may ask nobody
		public.GET("/sign-on/callback", on((*site).finishSignOn))
	}
	public.GET("/live/socket", on((*site).requireSocketAccess), on((*site).requireFactor), on((*site).socket))
	public.POST("/team", keepNote, on((*site).requireLogin), on((*site).requireFactor), on((*site).changeTeam))
	insiders := public.Group("", on((*site).requireLogin))
	private := insiders.Group("", on((*site).requireFactor))
	page(private, "/", on((*site).home))
	if a.options.LiveURL != "" {
		private.POST("/live/ticket", on((*site).makeTicket))
	}
	looks := private.Group("", on((*site).requireClick))
	page(looks, "/static", on((*site).staticLog))
	page(looks, "/live", on((*site).liveLog))
	page(looks, "/live/everyone", on((*site).everyone))
	page(looks, "/summary", on((*site).summary))
	page(private, "/users", on((*site).suggest))
	if a.options.Directory != nil {
		page(private, "/names", on((*site).names))
	}
	if a.options.RequireReason {
		private.POST("/reason", on((*site).stateReason))
	}
	a.mountAccounts(private, on)
	a.mountOwnAccount(insiders, private, on)
	a.mountRecording(private, on)
	a.mountRules(private, on)
	page(private.Group("", on((*site).requireSuperuser)), "/health", on((*site).health))
	api := public.Group("/api", on((*site).requireAPI), on((*site).requireFactor))
	page(api, "/users", on((*site).apiUsers))
	page(api, "/log", on((*site).apiLog))
	r.POST(reportPath, middleware.Skip, on((*site).reportPolicy))
}

// mountAccounts adds the pages of accounts and of the audit log. A route that is recorded each time
// needs an allowance, and one that changes an account or a token a proof.
func (a *Admin) mountAccounts(private *gin.RouterGroup, on func(func(*site, *gin.Context)) gin.HandlerFunc) {
	allowance, proof := on((*site).requireAllowance), on((*site).requireProof)
	superusers := private.Group("", on((*site).requireSuperuser))
	page(superusers.Group("", on((*site).requireClick)), "/audit", on((*site).auditLog))
	superusers.GET("/audit/export", on((*site).requireOwnPage), allowance, on((*site).auditExport))
	page(superusers, "/accounts", on((*site).accountList))
	accounts := superusers.Group("/accounts", proof, allowance)
	accounts.POST("/create", on((*site).createAccount))
	accounts.POST("/disable", on((*site).disableAccount))
	accounts.POST("/enable", on((*site).enableAccount))
	accounts.POST("/role", on((*site).changeRole))
	accounts.POST("/sessions", on((*site).endAccountSessions))
	if a.options.ownLogin() {
		accounts.POST("/link", on((*site).makeLink))
		accounts.POST("/second-factor", on((*site).resetFactors))
	}
}

// mountOwnAccount adds the page on which each account looks after itself. The routes of insiders are for all who are logged in, also for
// those who still lack a second factor that their role needs: they set it up there.
func (a *Admin) mountOwnAccount(insiders, private *gin.RouterGroup, on func(func(*site, *gin.Context)) gin.HandlerFunc) {
	allowance, proof := on((*site).requireAllowance), on((*site).requireProof)
	page(insiders, "/account", on((*site).ownAccount))
	tokens := private.Group("/account/token", proof, allowance)
	tokens.POST("", on((*site).createToken))
	tokens.POST("/revoke", on((*site).revokeToken))
	if !a.options.ownLogin() {
		return
	}
	own := insiders.Group("/account", proof)
	own.POST("/session", allowance, on((*site).endSession))
	own.POST("/second-factor/begin", on((*site).beginApp)) // changes nothing yet
	own.POST("/second-factor/app", allowance, on((*site).addApp))
	own.POST("/second-factor/app/remove", allowance, on((*site).removeApp))
	own.POST("/second-factor/codes", allowance, on((*site).makeRecoveryCodes))
	if a.passkeys != nil {
		page(insiders, "/account/passkey", on((*site).askOwnPasskey))
		page(insiders, "/account/passkey/new", on((*site).askNewPasskey))
		own.POST("/second-factor/passkey", allowance, on((*site).addPasskey))
		own.POST("/second-factor/passkey/remove", allowance, on((*site).removePasskey))
	}
	// These two need neither proof nor allowance. Somebody who has stolen a session may have used up the allowance, and the owner must
	// still be able to end it. The throttle limits the tries of passwords, and behind an ended session stands the login.
	insiders.POST("/account/password", on((*site).changePassword))
	insiders.POST("/account/sessions", on((*site).endOwnSessions))
}

// mountRecording adds the page of what applications record.
func (a *Admin) mountRecording(private *gin.RouterGroup, on func(func(*site, *gin.Context)) gin.HandlerFunc) {
	superusers := private.Group("", on((*site).requireSuperuser))
	page(superusers, "/recording", on((*site).recording))
	superusers.POST("/recording", on((*site).requireProof), on((*site).requireAllowance), on((*site).changeRecording))
}

// mountRules adds the page of rules, where messages about them go anywhere.
func (a *Admin) mountRules(private *gin.RouterGroup, on func(func(*site, *gin.Context)) gin.HandlerFunc) {
	if a.options.Destinations == nil {
		return
	}
	superusers := private.Group("", on((*site).requireSuperuser))
	page(superusers, "/rules", on((*site).ruleList))
	changes := superusers.Group("/rules", on((*site).requireProof), on((*site).requireAllowance))
	changes.POST("/add", on((*site).addRule))
	changes.POST("/remove", on((*site).removeRule))
}

// page adds what answers GET and, as net/http has it, HEAD.
func page(r gin.IRouter, path string, handler gin.HandlerFunc) {
	r.GET(path, handler)
	r.HEAD(path, handler)
}

// NotFound answers with the admin's page for an address that does not exist, for use as an engine's NoRoute
// where the admin is all there is.
func (a *Admin) NotFound(c *gin.Context) { a.failAnywhere(c, http.StatusNotFound) }

// Recovered answers with the admin's page for a panic, for use with gin.CustomRecovery where the
// admin is all there is. An answer that has begun is left as it is.
func (a *Admin) Recovered(c *gin.Context, _ any) {
	if c.Writer.Written() {
		c.Abort()
		return
	}
	a.failAnywhere(c, http.StatusInternalServerError)
}

// failAnywhere sends an error page, to any request.
func (a *Admin) failAnywhere(c *gin.Context, status int) {
	middleware.Skip(c)
	s := a.at(a.externalPrefix(c), a.base)
	s.writeHeaders(c)
	if strings.HasPrefix(c.Request.URL.Path, a.base+"/api/") {
		s.failJSON(c, status, "There is nothing at this address for this method: docs/api.md lists what there is.")
		return
	}
	s.fail(c, status, nil)
}
