package handlers

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/static"
)

// site is the admin as mounted at one path.
type site struct {
	*Admin
	base string // without trailing slash; "" at the root
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
	all := r.Group("", middleware.Skip, s.secure)
	page(all, "/"+static.Folder+"/:file", gin.WrapH(a.assets))
	public := all.Group("", s.requirePage)
	public.POST("/language", s.setLanguage)
	public.POST("/theme", s.setTheme)
	if a.options.ownLogin() {
		page(public, "/login", s.loginPage)
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
	superusers.GET("/audit/export", s.requireAllowance, s.auditExport)
	own := private.Group("", s.requireAllowance)
	if a.options.RequireReason {
		private.POST("/reason", s.stateReason)
	}
	page(private, "/account", s.ownAccount)
	own.POST("/account/token", s.createToken)
	own.POST("/account/token/revoke", s.revokeToken)
	if a.options.ownLogin() {
		own.POST("/account/session", s.endSession)
		// These two are what is left to do against somebody who has stolen a session and uses up the
		// allowance. The throttle limits passwords, and a session that has ended needs a login.
		private.POST("/account/password", s.changePassword)
		private.POST("/account/sessions", s.endOwnSessions)
	}
	page(superusers, "/accounts", s.accountList)
	accounts := superusers.Group("/accounts", s.requireAllowance)
	accounts.POST("/create", s.createAccount)
	accounts.POST("/disable", s.disableAccount)
	accounts.POST("/enable", s.enableAccount)
	accounts.POST("/role", s.changeRole)
	accounts.POST("/sessions", s.endAccountSessions)
	if a.options.ownLogin() {
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
