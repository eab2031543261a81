package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/access"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/views"
)

// loginPage shows the form, or leads on if the browser is logged in already.
func (s *site) loginPage(c *gin.Context) {
	who, err := s.bySession(c)
	switch {
	case err != nil:
		s.fail(c, http.StatusServiceUnavailable, err)
	case who.Account != "":
		c.Redirect(http.StatusSeeOther, s.ownPath(c.Query("next")))
	default:
		message, err := s.whyLogIn(c)
		if err != nil {
			s.fail(c, http.StatusServiceUnavailable, err)
			return
		}
		s.showLogin(c, http.StatusOK, views.Login{Next: s.ownPath(c.Query("next")), Message: message})
	}
}

// whyLogIn says why the login is shown to a browser that was logged in. It is nil for others.
func (s *site) whyLogIn(c *gin.Context) (*views.Message, error) {
	ending, err := s.sessions.Ending(c)
	switch {
	case err != nil:
		return nil, err
	case ending.Disabled != "":
		return views.LoginDisabled(ending.Disabled), nil
	case ending.Ended:
		return views.LoginEnded(), nil
	case c.Query("out") != "":
		return views.LoggedOut(), nil
	}
	return nil, nil
}

// logIn checks name and password. The answer to a wrong password does not tell whether the account exists.
func (s *site) logIn(c *gin.Context) {
	name, password := c.PostForm("username"), c.PostForm("password")
	next := s.ownPath(c.PostForm("next"))
	if s.inTheClear(c) {
		s.showLogin(c, http.StatusForbidden, views.Login{Username: name, Next: next, Message: views.InTheClear()})
		return
	}
	address := s.ClientAddress(c)
	tooMany, err := s.attempt(c, name, address)
	if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	if tooMany != nil {
		s.showLogin(c, http.StatusTooManyRequests, views.Login{Username: name, Next: next, Message: tooMany})
		return
	}
	account, err := s.accounts.Verify(s.lane(c, name), name, password)
	switch {
	case errors.Is(err, auth.ErrBusy):
		setRetryAfter(c, auth.BusyWait)
		s.showLogin(c, http.StatusServiceUnavailable, views.Login{Username: name, Next: next, Message: views.Busy()})
	case errors.Is(err, auth.ErrCredentials):
		if err := s.recordFailure(c, name, ""); err != nil {
			s.fail(c, http.StatusServiceUnavailable, err)
			return
		}
		s.showLogin(c, http.StatusUnprocessableEntity, views.Login{Username: name, Next: next, Message: s.whyRefused(c, name)})
	case err != nil:
		s.fail(c, http.StatusServiceUnavailable, err)
	default:
		s.letIn(c, account, address, next)
	}
}

// whyRefused is the answer to a login that failed. It does not tell what was wrong. There is one exception: a browser that was
// logged in to this account until it was disabled is told that.
func (s *site) whyRefused(c *gin.Context, name string) *views.Message {
	ending, err := s.sessions.Ending(c)
	if err == nil && ending.Disabled != "" && ending.Disabled == name {
		return views.LoginDisabled(name)
	}
	return views.WrongPassword()
}

// letIn begins a session of an account whose password was right, and leads on, or asks for the second factor. A login is recorded, so
// that it is inside an allowance.
func (s *site) letIn(c *gin.Context, account auth.Account, address, next string) {
	if account.SecondFactor {
		s.stopHalfway(c, account, address, next)
		return
	}
	tooMany, err := s.spendPassword(c, account.Name)
	if err == nil && tooMany != nil {
		s.showLogin(c, http.StatusTooManyRequests, views.Login{Username: account.Name, Next: next, Message: tooMany})
		return
	}
	if err == nil {
		err = s.begin(c, account, account.Name, address, "")
	}
	if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	c.Redirect(http.StatusSeeOther, next)
}

// spendPassword counts what an account may have recorded by giving its password. Where that is used up, it returns the
// message that says so, and has set the header that says when to try again.
func (s *site) spendPassword(c *gin.Context, account string) (tooMany *views.Message, err error) {
	wait, err := s.allowance.TakePassword(c.Request.Context(), account)
	if err != nil || wait == 0 {
		return nil, err
	}
	setRetryAfter(c, wait)
	return views.TooManyAttempts(wait), nil
}

// lane is the context in which a password is checked: a browser in which the account was logged in before waits for no stranger.
func (s *site) lane(c *gin.Context, account string) context.Context {
	if s.browsers.Knows(c, account) {
		return auth.FromKnownBrowser(c.Request.Context())
	}
	return c.Request.Context()
}

// begin begins a session of an account whose owner has given all that is asked for. by names what that was, and is "" for the
// password alone.
func (s *site) begin(c *gin.Context, account auth.Account, name, address, by string) error {
	ctx := c.Request.Context()
	if err := s.throttle.Succeeded(ctx, name, address); err != nil {
		return err
	}
	if err := s.record(c, loginRecord(account, address, by)); err != nil {
		return err
	}
	if err := s.sessions.LogIn(c, account, address); err != nil {
		return err
	}
	s.browsers.Remember(c, account.Name)
	return nil
}

// inTheClear reports whether the page that sends a form came without https, from elsewhere than this
// machine. The browser would not keep the session, and the password has crossed the network for all to
// read. Browsers say in Origin how the page came, whatever proxies are in between.
func (s *site) inTheClear(c *gin.Context) bool {
	return !auth.IsLoopback(c.Request) && strings.HasPrefix(c.GetHeader("Origin"), "http://")
}

// recordFailure writes a failed login down. The name is kept only where it is an account's, because people
// type their password into the wrong field. Every name is looked up, known or not, so that the time
// doesn't tell which it is. The detail says what else there is to say of it.
func (s *site) recordFailure(c *gin.Context, name, detail string) error {
	r := s.actor(c).Record(audit.LoginFailed, "")
	r.Actor, r.Detail = name, detail
	if name == "" && detail != "" { // nobody has given a name
		return s.record(c, r)
	}
	_, err := s.accounts.Get(c.Request.Context(), name)
	switch {
	case errors.Is(err, auth.ErrNoAccount):
		r.Actor, r.Detail = "", "no account of the name that was given"
	case err != nil:
		return err
	}
	return s.record(c, r)
}

// logOut ends the session. Only the request that has ended it records that.
func (s *site) logOut(c *gin.Context) {
	who, err := s.bySession(c)
	ended := false
	if err == nil {
		ended, err = s.sessions.LogOut(c)
	}
	if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	clearSiteData(c)
	if ended && who.Account != "" {
		s.recordDone(c, access.Look{Access: who, Address: s.ClientAddress(c)}.Actor().Record(audit.Logout, ""))
	}
	s.afterLogout(c)
}

func (s *site) showLogin(c *gin.Context, status int, p views.Login) {
	p.Layout = s.layout(c, "")
	if s.options.SingleSignOn != nil {
		p.SignOnURL = s.base + "/sign-on?" + url.Values{"next": {p.Next}}.Encode()
	}
	p.Passkeys = s.offersPasskeys(c)
	p.Layout.Current = s.loginURL(c, p.Next) // a language switch must not lead to the form's POST
	html, err := s.views.Login(p)
	s.answer(c, status, html, err)
}

// clearSiteData has the browser forget the pages that it keeps, after a logout. Cookies and storage are the whole site's, which may
// be the host application's, too.
func clearSiteData(c *gin.Context) { c.Header("Clear-Site-Data", `"cache"`) }
