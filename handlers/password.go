package handlers

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/views"
)

// passwordPage shows the form to which a one-time link leads.
func (s *site) passwordPage(c *gin.Context) {
	s.showPassword(c, http.StatusOK, views.Password{Username: c.Query("username")})
}

// setPassword sets a password by a one-time link, and logs in. A link that does not work is a failed login.
func (s *site) setPassword(c *gin.Context) {
	name, code, password := c.PostForm("username"), c.PostForm("code"), c.PostForm("password")
	address := s.ClientAddress(c)
	p := views.Password{Username: name, Code: code}
	if s.inTheClear(c) {
		p.Message = views.InTheClear()
		s.showPassword(c, http.StatusForbidden, p)
		return
	}
	tooMany, err := s.attempt(c, name, address)
	if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	if tooMany != nil {
		p.Message = tooMany
		s.showPassword(c, http.StatusTooManyRequests, p)
		return
	}
	var account auth.Account
	if err = s.checkPassword(c, name); err == nil {
		account, err = s.changes.UseLink(auth.FromKnownBrowser(c.Request.Context()), address, name, code, password)
	}
	if errors.Is(err, auth.ErrLink) {
		if failed := s.recordFailure(c, name, ""); failed != nil {
			err = failed
		}
	}
	if errors.Is(err, auth.ErrBusy) {
		setRetryAfter(c, auth.BusyWait)
		p.Message = views.Busy()
		s.showPassword(c, http.StatusServiceUnavailable, p)
		return
	}
	if p.Message = views.Refusal(err); p.Message != nil {
		s.showPassword(c, http.StatusUnprocessableEntity, p)
		return
	}
	if err == nil && account.SecondFactor { // the link stands for the password only
		s.askSecondFactor(c, account, s.base+"/")
		return
	}
	if err == nil {
		err = s.begin(c, account, name, address, "")
	}
	if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	c.Redirect(http.StatusSeeOther, s.base+"/")
}

func (s *site) showPassword(c *gin.Context, status int, p views.Password) {
	p.Layout = s.layout(c, "")
	p.Layout.Current = s.base + "/password?" + url.Values{"username": {p.Username}}.Encode()
	html, err := s.views.Password(p)
	s.answer(c, status, html, err)
}

// checkPassword returns nil where an account can have the password of the form. It must not be made of the host by which the
// browser knows us, either.
func (s *site) checkPassword(c *gin.Context, name string) error {
	return auth.CheckPassword(c.PostForm("password"), append(auth.SiteNames(c.Request.Host), name)...)
}

// attempt counts an attempt to log in. Where there were too many it returns the message that says so, and
// has set the header that says when to try again.
func (s *site) attempt(c *gin.Context, name, address string) (tooMany *views.Message, err error) {
	wait, err := s.throttle.Allow(c.Request.Context(), name, address)
	if err != nil || wait == 0 {
		return nil, err
	}
	setRetryAfter(c, wait)
	return views.TooManyAttempts(wait), nil
}
