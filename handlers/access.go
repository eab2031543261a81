package handlers

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/access"
	"github.com/gin-userlog/userlog/internal/openconns"
)

// Keys of a request's context, for the access of the person or program that makes the request.
const (
	accessKey  = "userlog.access"  // an [auth.Access]
	programKey = "userlog.program" // true for programs
)

// sessions says how sessions of our own login are kept.
func (o Options) sessions() auth.SessionOptions {
	return auth.SessionOptions{Secure: o.SecureCookies, Domain: o.CookieDomain}
}

// accounts says how accounts are kept, by a test's cost of passwords or the right one.
func (o Options) accounts(cost auth.Cost) auth.AccountOptions {
	return auth.AccountOptions{LoginElsewhere: !o.ownLogin(), SiteNames: auth.SiteNames(o.SiteURL, o.CookieDomain), SeedKeys: o.SecondFactorKeys, Cost: cost}
}

// accessOf is the access of the person or program that makes the request. Before [site.requireLogin] it is nobody's.
func accessOf(c *gin.Context) auth.Access {
	value, _ := c.Get(accessKey)
	who, _ := value.(auth.Access)
	return who
}

// canLogIn reports whether there is a login to lead people to.
func (s *site) canLogIn() bool {
	return s.options.ownLogin() || s.options.SingleSignOn != nil || s.options.LoginURL != ""
}

// ownLogin reports whether people log in here, and not at a provider, at the host's or at a proxy.
func (o Options) ownLogin() bool { return !o.hostLogin() && o.SingleSignOn == nil }

// hostLogin reports whether the host or a proxy says who makes a request.
func (o Options) hostLogin() bool { return o.Identify != nil || o.AuthHeader != "" }

// requireLogin lets every account on that has a role. It sends others to the login, and they come back after it.
func (s *site) requireLogin(c *gin.Context) {
	s.admit(c, false, s.authenticate)
}

// requireSuperuser lets superusers on.
func (s *site) requireSuperuser(c *gin.Context) {
	s.admit(c, true, func(c *gin.Context) (auth.Access, error) { return accessOf(c), nil })
}

// requireAPI lets programs on that bring a token. Browsers count only where the host or a proxy says who
// makes the request. A session of our own login does not: it opens pages.
func (s *site) requireAPI(c *gin.Context) {
	c.Set(programKey, true)
	s.admit(c, false, func(c *gin.Context) (auth.Access, error) {
		who, err := s.byToken(c)
		if err == nil && who.Account == "" && bearer(c.Request) == "" && s.options.hostLogin() {
			return s.authenticate(c)
		}
		return who, err
	})
}

// requireSocketAccess lets programs on by their token, pages of another host by their ticket, and pages of our own as everywhere.
func (s *site) requireSocketAccess(c *gin.Context) {
	if ticket := offeredTicket(c.Request); ticket != "" && bearer(c.Request) == "" {
		s.admit(c, false, func(c *gin.Context) (auth.Access, error) {
			return s.tickets.Use(c.Request.Context(), ticket, c.Query("username"))
		})
		return
	}
	who, err := s.byToken(c)
	if bearer(c.Request) == "" && who.Account == "" {
		s.requireLogin(c)
		return
	}
	c.Set(programKey, true)
	s.admit(c, false, func(*gin.Context) (auth.Access, error) { return who, err })
}

// requireAllowance stands before actions that are recorded each time, changes for the most part. It
// refuses an action where the account has had too much recorded, before anything is written.
func (s *site) requireAllowance(c *gin.Context) {
	look := s.lookOf(c, "")
	s.allows(c, look, s.gate.Spend(c.Request.Context(), look))
}

// admit finds the access of the request, and has the gate decide about it.
func (s *site) admit(c *gin.Context, superuser bool, identify func(*gin.Context) (auth.Access, error)) {
	who, err := identify(c)
	answer := access.Answer{Err: err}
	if err == nil {
		answer.Decision = s.gate.Admit(who, superuser)
	}
	if answer.Decision == access.Refused {
		c.Set(refusedKey, who)
	}
	if s.allows(c, access.Look{}, answer) {
		c.Set(accessKey, who)
		openconns.Keep(c.Request.Context())
		s.log.DebugContext(c.Request.Context(), "userlog: let in", "account", who.Account, "route", c.FullPath())
	}
}

// authenticate finds out which account makes the request, by the one login that the admin has. An account that
// this login knows and that may do nothing here has no role.
func (s *site) authenticate(c *gin.Context) (auth.Access, error) {
	switch {
	case s.options.Identify != nil:
		name, role := s.options.Identify(c)
		if name == "" {
			return auth.Access{}, nil
		}
		return auth.Access{Account: name, Role: role, Via: auth.ViaHost}, nil
	case s.options.AuthHeader != "":
		return s.byProxy(c)
	}
	return s.bySession(c)
}

// bySession is who is logged in. A session that began at a provider counts where people log in there, and no other does.
func (s *site) bySession(c *gin.Context) (auth.Access, error) {
	who, err := s.sessions.Access(c)
	if (who.Via == auth.ViaSignOn) != (s.options.SingleSignOn != nil) {
		return auth.Access{}, err
	}
	return who, err
}

// byProxy believes the header of a trusted proxy. A header that occurs twice was not set by the proxy
// alone, and is not believed. A name that can't be folded is not believed either: it could look like another name.
func (s *site) byProxy(c *gin.Context) (auth.Access, error) {
	names := c.Request.Header.Values(s.options.AuthHeader)
	if len(names) != 1 || !s.trusts(c.RemoteIP()) {
		return auth.Access{}, nil
	}
	folded, ok := auth.FoldName(names[0])
	if !ok {
		return auth.Access{}, nil
	}
	who := auth.Access{Account: folded, Role: s.options.AuthHeaderRole, Via: auth.ViaProxy}
	account, err := s.accounts.FindProven(c.Request.Context(), names[0])
	switch {
	case errors.Is(err, auth.ErrNoAccount):
		return who, nil
	case err != nil:
		return auth.Access{}, err
	}
	who.Account, who.Role = account.Name, account.Role
	if account.Disabled {
		who.Role = ""
	}
	return who, nil
}

// trusts reports whether address is one of the operator's proxies.
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

// byToken finds out for which account the request's token stands: one of ours, or one of the host's.
func (s *site) byToken(c *gin.Context) (auth.Access, error) {
	if secret := bearer(c.Request); secret != "" || s.options.IdentifyToken == nil {
		return s.tokens.Access(c.Request.Context(), secret)
	}
	name, role := s.options.IdentifyToken(c)
	if name == "" {
		return auth.Access{}, nil
	}
	return auth.Access{Account: name, Role: role, Via: auth.ViaHostToken}, nil
}

// bearer is the token that a request has, or "". Other values of the header are the host's.
func bearer(r *http.Request) string {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if secret = strings.TrimSpace(secret); strings.EqualFold(scheme, "Bearer") && strings.HasPrefix(secret, auth.TokenPrefix) {
		return secret
	}
	return ""
}
