package handlers

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/views"
)

// ownAccount shows the reader's own account: password, sessions and tokens.
func (s *site) ownAccount(c *gin.Context) {
	message := views.Done(views.Change(c.Query("done")))
	if message == nil && s.lacksFactor(accessOf(c)) {
		message = views.FactorRequired()
	}
	s.showAccount(c, http.StatusOK, views.Account{Message: message})
}

func (s *site) showAccount(c *gin.Context, status int, p views.Account) {
	who := accessOf(c)
	p.Layout, p.OwnLogin = s.layout(c, views.SectionAccount), s.options.ownLogin()
	p.Layout.Current = s.base + "/account" // a language switch must not lead to the form's POST
	p.Role, p.SessionID, p.OffersPasskeys = who.Role, who.ID, s.offersPasskeys(c)
	if err := s.loadAccount(c.Request.Context(), who, &p); err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	html, err := s.views.Account(p)
	s.answer(c, status, html, err)
}

// loadAccount fills in what there is of the account. A reader who came by a host's or a proxy's login may
// have none.
func (s *site) loadAccount(ctx context.Context, who auth.Access, p *views.Account) (err error) {
	name := who.Account
	account, err := s.accounts.Get(ctx, name)
	if errors.Is(err, auth.ErrNoAccount) {
		return nil
	}
	if err != nil {
		return err
	}
	p.Own = account
	if s.passkeys != nil {
		if p.Passkeys, err = s.passkeys.List(ctx, name); err != nil {
			return err
		}
	}
	if p.HasTokens = !account.Disabled && !s.lacksFactor(who); p.HasTokens {
		if p.Tokens, err = s.tokens.List(ctx, name); err != nil {
			return err
		}
	}
	if p.OwnLogin {
		p.Sessions, err = s.sessions.List(ctx, name)
	}
	return err
}

// changePassword changes the reader's own password. Every other session ends; this one is replaced.
func (s *site) changePassword(c *gin.Context) {
	name, address := accessOf(c).Account, s.ClientAddress(c)
	tooMany, err := s.attempt(c, name, address)
	if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	if tooMany != nil {
		s.showAccount(c, http.StatusTooManyRequests, views.Account{Message: tooMany})
		return
	}
	err = s.verifyAgain(c, name, address)
	if errors.Is(err, auth.ErrCredentials) {
		s.showAccount(c, http.StatusUnprocessableEntity, views.Account{Message: views.WrongCurrentPassword()})
		return
	}
	if err == nil {
		tooMany, err = s.spendPassword(c, name)
	}
	if tooMany != nil {
		s.showAccount(c, http.StatusTooManyRequests, views.Account{Message: tooMany})
		return
	}
	var account auth.Account
	if err == nil {
		account, err = s.changes.ChangeOwnPassword(auth.FromKnownBrowser(c.Request.Context()), s.actor(c), accessOf(c).ID, c.PostForm("password"))
	}
	if err == nil {
		err = s.sessions.LogInAgain(c, account, address)
	}
	s.afterOwnChange(c, err, views.PasswordSet, views.Account{})
}

// verifyAgain checks the current password of the form, and that the new one can be set.
func (s *site) verifyAgain(c *gin.Context, name, address string) error {
	if err := s.verifyOwner(c, name, address, c.PostForm("current")); err != nil {
		return err
	}
	return s.checkPassword(c, name)
}

// endSession ends one of the reader's own sessions. Ending this very one is a logout.
func (s *site) endSession(c *gin.Context) {
	who, id := accessOf(c), c.PostForm("id")
	if id == who.ID {
		s.logOut(c)
		return
	}
	err := s.changes.EndSession(c.Request.Context(), s.actor(c), who.Account, id)
	s.afterOwnChange(c, err, views.SessionEnded, views.Account{})
}

// endOwnSessions ends all of the reader's own sessions and tokens, this session too. Where another request of the same
// session does so already, there is nothing left to do.
func (s *site) endOwnSessions(c *gin.Context) {
	err := s.changes.EndOwnSessions(c.Request.Context(), s.actor(c), accessOf(c).ID)
	if err == nil {
		_, err = s.sessions.LogOut(c) // takes the cookie back
	}
	if err != nil && !errors.Is(err, auth.ErrNoSession) {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	clearSiteData(c)
	c.Redirect(http.StatusSeeOther, s.base+"/login?out=1")
}

// createToken makes a token for the reader's programs, and shows it. It answers with a page and not
// with a redirect, because nothing shows the token again.
func (s *site) createToken(c *gin.Context) {
	name, label := accessOf(c).Account, c.PostForm("label")
	days, err := strconv.Atoi(c.PostForm("days"))
	if err != nil || days > int(auth.MaxTokenLifetime/(24*time.Hour)) {
		days = -1 // refused below, and can't overflow
	}
	secret, err := s.changes.CreateToken(c.Request.Context(), s.actor(c), name, label, time.Duration(days)*24*time.Hour)
	if err != nil {
		s.afterOwnChange(c, err, "", views.Account{Label: label, Days: days})
		return
	}
	p := views.Token{Layout: s.layout(c, views.SectionAccount), Label: label, Secret: secret, Days: days}
	p.Current = "" // going back there shows something else
	html, err := s.views.Token(p)
	s.answer(c, http.StatusOK, html, err)
}

// revokeToken ends one of the reader's own tokens.
func (s *site) revokeToken(c *gin.Context) {
	err := s.changes.RevokeToken(c.Request.Context(), s.actor(c), accessOf(c).Account, c.PostForm("id"))
	s.afterOwnChange(c, err, views.TokenRevoked, views.Account{})
}

// afterOwnChange leads back to the page, or says there why the change was refused.
func (s *site) afterOwnChange(c *gin.Context, err error, done views.Change, p views.Account) {
	if errors.Is(err, auth.ErrBusy) {
		setRetryAfter(c, auth.BusyWait)
		s.showAccount(c, http.StatusServiceUnavailable, views.Account{Message: views.Busy()})
		return
	}
	if p.Message = views.Refusal(err); p.Message != nil {
		s.showAccount(c, http.StatusUnprocessableEntity, p)
		return
	}
	if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	c.Redirect(http.StatusSeeOther, s.base+"/account?done="+string(done))
}
