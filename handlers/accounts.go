package handlers

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/views"
)

// accountList shows all accounts to superusers.
func (s *site) accountList(c *gin.Context) {
	s.showAccounts(c, http.StatusOK, views.Accounts{Message: views.Done(views.Change(c.Query("done")))})
}

func (s *site) showAccounts(c *gin.Context, status int, p views.Accounts) {
	all, err := s.accounts.List(c.Request.Context())
	if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	p.Layout, p.OwnLogin, p.Accounts = s.layout(c, views.SectionAccounts), s.options.ownLogin(), all
	p.Layout.Current = s.base + "/accounts" // a language switch must not lead to the form's POST
	html, err := s.views.Accounts(p)
	s.answer(c, status, html, err)
}

// createAccount makes an account, and shows the one-time link with which its owner sets a password.
func (s *site) createAccount(c *gin.Context) {
	name, role := c.PostForm("name"), auth.Role(c.PostForm("role"))
	secret, err := s.changes.Invite(c.Request.Context(), s.actor(c), name, role)
	switch {
	case err != nil:
		s.refuseAccountChange(c, err, views.Accounts{Name: name, Role: role})
	case s.options.ownLogin():
		s.showLink(c, name, secret, true)
	default:
		c.Redirect(http.StatusSeeOther, s.base+"/accounts?done="+string(views.AccountCreated))
	}
}

// makeLink shows a new one-time link of an account.
func (s *site) makeLink(c *gin.Context) {
	name := c.PostForm("name")
	secret, err := s.changes.MakeLink(c.Request.Context(), s.actor(c), name)
	if err != nil {
		s.refuseAccountChange(c, err, views.Accounts{})
		return
	}
	s.showLink(c, name, secret, false)
}

// showLink answers with a page and not with a redirect. So the link is in no address of ours, and going
// back or loading the page again doesn't show it.
func (s *site) showLink(c *gin.Context, name, secret string, isNew bool) {
	p := views.Link{Layout: s.layout(c, views.SectionAccounts), Name: name, URL: s.passwordLink(c, name, secret), New: isNew}
	p.Current = "" // going back there shows something else
	html, err := s.views.Link(p)
	s.answer(c, http.StatusOK, html, err)
}

// passwordLink is the address at which an account's owner sets a password. The secret is behind the #,
// which browsers send to nobody: it gets into no log of a server or proxy, and into no Referer.
func (s *site) passwordLink(c *gin.Context, name, secret string) string {
	return s.origin(c) + s.base + "/password?" + url.Values{"username": {name}}.Encode() + "#" + secret
}

func (s *site) disableAccount(c *gin.Context) {
	if s.isConfirmed(c) {
		s.changeAccount(c, views.AccountDisabled, s.changes.Disable)
	}
}

func (s *site) enableAccount(c *gin.Context) {
	s.changeAccount(c, views.AccountEnabled, s.changes.Enable)
}

func (s *site) changeRole(c *gin.Context) {
	if !s.isConfirmed(c) {
		return
	}
	role := auth.Role(c.PostForm("role"))
	s.changeAccount(c, views.RoleChanged, func(ctx context.Context, by audit.Actor, name string) error {
		return s.changes.SetRole(ctx, by, name, role)
	})
}

func (s *site) endAccountSessions(c *gin.Context) {
	s.changeAccount(c, views.SessionsEnded, s.changes.EndSessions)
}

// isConfirmed lets superusers take their own access away only where the form says that this is meant.
// Otherwise the request has been answered.
func (s *site) isConfirmed(c *gin.Context) bool {
	if c.PostForm("name") != accessOf(c).Account || c.PostForm("sure") != "" {
		return true
	}
	s.showAccounts(c, http.StatusUnprocessableEntity, views.Accounts{Message: views.Unconfirmed()})
	return false
}

// changeAccount makes a change to the account that the form names, and leads back to all accounts.
func (s *site) changeAccount(c *gin.Context, done views.Change, change func(ctx context.Context, by audit.Actor, name string) error) {
	if err := change(c.Request.Context(), s.actor(c), c.PostForm("name")); err != nil {
		s.refuseAccountChange(c, err, views.Accounts{})
		return
	}
	c.Redirect(http.StatusSeeOther, s.base+"/accounts?done="+string(done))
}

// refuseAccountChange says why a change was refused, or that it failed.
func (s *site) refuseAccountChange(c *gin.Context, err error, p views.Accounts) {
	if p.Message = views.Refusal(err); p.Message == nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	s.showAccounts(c, http.StatusUnprocessableEntity, p)
}
