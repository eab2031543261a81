package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/views"
)

// passwordPage shows the form to which a one-time link leads.
func (s *site) passwordPage(c *gin.Context) {
	s.showPassword(c, http.StatusOK, views.Password{Username: c.Query("username")})
}

// setPassword sets the password of who has a one-time link, and logs in.
func (s *site) setPassword(c *gin.Context) {
	name, code, password := c.PostForm("username"), c.PostForm("code"), c.PostForm("password")
	address := s.clientAddress(c)
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
	account, err := s.useLink(c, name, code, password)
	if p.Message = views.Refusal(err); p.Message != nil {
		s.showPassword(c, http.StatusUnprocessableEntity, p)
		return
	}
	if err == nil {
		err = s.begin(c, account, name, address)
	}
	if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	c.Redirect(http.StatusSeeOther, s.base+"/")
}

// useLink writes the new password down in the audit log and sets it. Only a link that works is
// written down as that: anybody can try one that doesn't.
func (s *site) useLink(c *gin.Context, name, code, password string) (account auth.Account, err error) {
	err = s.accounts.CheckLink(c.Request.Context(), name, code, password)
	if errors.Is(err, auth.ErrLink) {
		if failed := s.recordFailure(c, name); failed != nil {
			err = failed
		}
	}
	if err != nil {
		return auth.Account{}, err
	}
	err = s.change(c, audit.Record{Action: audit.PasswordSet, Actor: name, Subject: name, Detail: "by a one-time link"}, func(ctx context.Context) (err error) {
		account, err = s.accounts.UseLink(ctx, name, code, password)
		return err
	})
	return account, err
}

func (s *site) showPassword(c *gin.Context, status int, p views.Password) {
	p.Layout = s.layout(c, "")
	p.Layout.Current = s.base + "/password?" + url.Values{"username": {p.Username}}.Encode()
	html, err := s.views.Password(p)
	s.answer(c, status, html, err)
}

// attempt counts an attempt to show who one is. Where there were too many it returns what to say, and
// has set the header that says when to try again.
func (s *site) attempt(c *gin.Context, name, address string) (tooMany *views.Message, err error) {
	wait, err := s.throttle.Allow(c.Request.Context(), name, address)
	if err != nil || wait == 0 {
		return nil, err
	}
	setRetryAfter(c, wait)
	return views.TooManyAttempts(wait), nil
}
