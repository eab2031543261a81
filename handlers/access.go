package handlers

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
)

// accessKey is the name under which a request's [auth.Access] is kept.
const accessKey = "userlog.access"

// accessOf is who makes the request: nobody, before or without [site.requireLogin].
func accessOf(c *gin.Context) auth.Access {
	value, _ := c.Get(accessKey)
	access, _ := value.(auth.Access)
	return access
}

// ownLogin says whether people log in here, and not at the host's or at a proxy.
func (o Options) ownLogin() bool { return o.Identify == nil && o.AuthHeader == "" }

// requireLogin lets everybody on who has a role. Others are sent to our login and come back after
// it; where the login is somebody else's, they are refused.
func (s *site) requireLogin(c *gin.Context) {
	access, err := s.authenticate(c)
	switch {
	case err != nil:
		s.fail(c, http.StatusServiceUnavailable, err)
	case access.Role != "":
		c.Set(accessKey, access)
	case s.options.ownLogin():
		s.sendToLogin(c)
	default:
		s.refuseAccess(c)
	}
}

// requireSuperuser lets superusers on, of those who have a role.
func (s *site) requireSuperuser(c *gin.Context) {
	if accessOf(c).Role != auth.Superuser {
		s.refuseAccess(c)
	}
}

// authenticate finds out who makes the request, by the one login that there is.
func (s *site) authenticate(c *gin.Context) (auth.Access, error) {
	switch {
	case s.options.Identify != nil:
		name, role := s.options.Identify(c)
		if _, err := auth.ParseRole(string(role)); err != nil || name == "" {
			return auth.Access{}, nil
		}
		return auth.Access{Account: name, Role: role, Via: auth.ViaHost}, nil
	case s.options.AuthHeader != "":
		return s.byProxy(c)
	}
	return s.sessions.Access(c)
}

// byProxy believes what a trusted proxy says in its header. A header that occurs twice was not
// set by the proxy alone, and is not believed.
func (s *site) byProxy(c *gin.Context) (auth.Access, error) {
	names := c.Request.Header.Values(s.options.AuthHeader)
	if len(names) != 1 || auth.CheckName(names[0]) != nil || !s.trusts(c.RemoteIP()) {
		return auth.Access{}, nil
	}
	access := auth.Access{Account: names[0], Role: s.options.AuthHeaderRole, Via: auth.ViaProxy}
	account, err := s.accounts.Get(c.Request.Context(), names[0])
	switch {
	case errors.Is(err, auth.ErrNoAccount):
		if access.Role == "" {
			return auth.Access{}, nil
		}
		return access, nil
	case err != nil:
		return auth.Access{}, err
	case account.Disabled:
		return auth.Access{}, nil
	}
	access.Role = account.Role
	return access, nil
}

// trusts says whether address is one of the operator's proxies.
func (a *Admin) trusts(address string) bool {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	ip = ip.Unmap().WithZone("")
	for _, proxy := range a.options.TrustedProxies {
		if proxy.Contains(ip) {
			return true
		}
	}
	return false
}

// clientAddress is the address that the request came from. Not Gin's ClientIP, which believes any
// client's X-Forwarded-For unless the host has seen to that: of that header, only what trusted
// proxies have appended is read, from the right.
func (a *Admin) clientAddress(c *gin.Context) string {
	address := c.RemoteIP()
	forwarded := strings.Split(strings.Join(c.Request.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(forwarded) - 1; i >= 0 && a.trusts(address); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(forwarded[i]))
		if err != nil {
			break
		}
		address = next.Unmap().WithZone("").String()
	}
	return address
}

// requireToken lets programs on that bring a token. Nothing else counts here: a browser sends its
// cookie along with whatever another site makes it ask for.
func (s *site) requireToken(c *gin.Context) {
	access, err := s.byToken(c)
	switch {
	case err != nil:
		s.log.Error("userlog: a token could not be looked up", "err", err)
		s.failJSON(c, http.StatusServiceUnavailable, storeLost)
	case access.Role == "":
		c.Header("WWW-Authenticate", "Bearer")
		s.failJSON(c, http.StatusUnauthorized, "Send a valid token: Authorization: Bearer userlog_….")
	default:
		c.Set(accessKey, access)
	}
}

// requireSocketAccess lets programs on by their token, and pages as everywhere.
func (s *site) requireSocketAccess(c *gin.Context) {
	if bearer(c.Request) != "" {
		s.requireToken(c)
		return
	}
	s.requireLogin(c)
}

// byToken finds out whose token a request has.
func (s *site) byToken(c *gin.Context) (auth.Access, error) {
	return s.tokens.Access(c.Request.Context(), bearer(c.Request))
}

// bearer is the token that a request has, or "". What else may be in the header is the host's.
func bearer(r *http.Request) string {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if secret = strings.TrimSpace(secret); strings.EqualFold(scheme, "Bearer") && strings.HasPrefix(secret, auth.TokenPrefix) {
		return secret
	}
	return ""
}

// sendToLogin redirects a page to the login. What is no page is told so by its status: a fragment
// would show the login in place of a table, and a socket or program can't read one.
func (s *site) sendToLogin(c *gin.Context) {
	next := c.Request.URL.RequestURI()
	switch {
	case c.GetHeader("HX-Request") != "":
		if current, err := url.Parse(c.GetHeader("HX-Current-URL")); err == nil {
			next = current.RequestURI()
		}
		c.Header("HX-Redirect", s.loginURL(next))
		c.AbortWithStatus(http.StatusUnauthorized)
	case c.GetHeader("Upgrade") != "":
		c.AbortWithStatus(http.StatusUnauthorized)
	case c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead:
		c.Redirect(http.StatusSeeOther, s.loginURL(s.base+"/")) // a form can't be sent again by a link
		c.Abort()
	default:
		c.Redirect(http.StatusSeeOther, s.loginURL(next))
		c.Abort()
	}
}
