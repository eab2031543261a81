package handlers

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/views"
)

// loginPage shows the form, or leads on if somebody is logged in already.
func (s *site) loginPage(c *gin.Context) {
	access, err := s.sessions.Access(c)
	switch {
	case err != nil:
		s.fail(c, http.StatusServiceUnavailable, err)
	case access.Account != "":
		c.Redirect(http.StatusSeeOther, s.ownPath(c.Query("next")))
	default:
		var message *views.Message
		if c.Query("out") != "" {
			message = views.LoggedOut()
		}
		s.showLogin(c, http.StatusOK, views.Login{Next: s.ownPath(c.Query("next")), Message: message})
	}
}

// logIn checks name and password. The answer to a wrong one is the same whether the account exists.
func (s *site) logIn(c *gin.Context) {
	ctx := c.Request.Context()
	name, password := c.PostForm("username"), c.PostForm("password")
	next := s.ownPath(c.PostForm("next"))
	address := s.clientAddress(c)
	wait, err := s.throttle.Allow(ctx, name, address)
	if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	if wait > 0 {
		c.Header("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		s.showLogin(c, http.StatusTooManyRequests, views.Login{Username: name, Next: next, Message: views.TooManyAttempts(wait)})
		return
	}
	account, err := s.accounts.Verify(ctx, name, password)
	if errors.Is(err, auth.ErrCredentials) {
		s.log.Warn("userlog: a login failed", "address", address)
		s.showLogin(c, http.StatusUnprocessableEntity, views.Login{Username: name, Next: next, Message: views.WrongPassword()})
		return
	} else if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	if err := s.throttle.Succeeded(ctx, name, address); err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	if err := s.sessions.LogIn(c, account, address); err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	c.Redirect(http.StatusSeeOther, next)
}

// logOut ends the session.
func (s *site) logOut(c *gin.Context) {
	if err := s.sessions.LogOut(c); err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	c.Redirect(http.StatusSeeOther, s.base+"/login?out=1")
}

func (s *site) showLogin(c *gin.Context, status int, p views.Login) {
	p.Layout = s.layout(c, "")
	p.Layout.Current = s.loginURL(p.Next) // a language switch must not lead to the form's POST
	html, err := s.views.Login(p)
	s.answer(c, status, html, err)
}
