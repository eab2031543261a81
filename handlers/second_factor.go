package handlers

import (
	"errors"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/views"
)

// appIssuer is what an authenticator app calls the site of a request.
func appIssuer(c *gin.Context) string { return "userlog " + c.Request.Host }

// beginApp shows an authenticator app to be set up. Nothing has changed yet.
func (s *site) beginApp(c *gin.Context) {
	app, err := s.accounts.BeginApp(c.Request.Context(), accessOf(c).Account, appIssuer(c))
	if err != nil {
		s.afterOwnChange(c, err, "", views.Account{})
		return
	}
	s.showApp(c, http.StatusOK, app, nil)
}

// addApp sets the app up that was shown, once a code shows that it has the seed.
func (s *site) addApp(c *gin.Context) {
	name, sealed := accessOf(c).Account, c.PostForm("app")
	account, recovery, err := s.changes.AddApp(c.Request.Context(), s.actor(c), name, sealed, c.PostForm("code"))
	if errors.Is(err, auth.ErrCode) {
		app, again := s.accounts.OpenApp(c.Request.Context(), name, sealed)
		if again == nil {
			s.showApp(c, http.StatusUnprocessableEntity, app, views.WrongCode(err))
			return
		}
		err = again
	}
	s.afterFactorAdded(c, account, recovery, err)
}

// afterFactorAdded begins a new session of an account that has got a second factor, and shows the recovery codes that came with the
// first one.
func (s *site) afterFactorAdded(c *gin.Context, account auth.Account, recovery []string, err error) {
	if err == nil {
		err = s.sessions.LogIn(c, account, s.ClientAddress(c))
	}
	if err != nil || recovery == nil {
		s.afterOwnChange(c, err, views.FactorAdded, views.Account{})
		return
	}
	s.showRecoveryCodes(c, recovery)
}

// removeApp takes the app of the reader's own account away.
func (s *site) removeApp(c *gin.Context) {
	account, err := s.changes.RemoveApp(c.Request.Context(), s.actor(c), accessOf(c).Account)
	if err == nil {
		err = s.sessions.LogIn(c, account, s.ClientAddress(c))
	}
	s.afterOwnChange(c, err, views.FactorRemoved, views.Account{})
}

// makeRecoveryCodes makes new recovery codes, and shows them. It answers with a page and not with a redirect, because nothing shows them
// again.
func (s *site) makeRecoveryCodes(c *gin.Context) {
	codes, err := s.changes.MakeRecoveryCodes(c.Request.Context(), s.actor(c), accessOf(c).Account)
	if err != nil {
		s.afterOwnChange(c, err, "", views.Account{})
		return
	}
	s.showRecoveryCodes(c, codes)
}

// resetFactors takes the second factors of another account away, whose owner has lost them.
func (s *site) resetFactors(c *gin.Context) {
	if s.isConfirmed(c) {
		s.changeAccount(c, views.FactorsReset, s.changes.ResetFactors)
	}
}

func (s *site) showApp(c *gin.Context, status int, app auth.Enrolment, message *views.Message) {
	p := views.App{Layout: s.layout(c, views.SectionAccount), Seed: app.Seed, URL: app.URL, Sealed: app.Sealed, Message: message}
	p.Current = "" // going back there shows something else
	html, err := s.views.App(p)
	s.answer(c, status, html, err)
}

func (s *site) showRecoveryCodes(c *gin.Context, codes []string) {
	p := views.RecoveryCodes{Layout: s.layout(c, views.SectionAccount), Codes: codes}
	p.Current = "" // going back there shows something else
	html, err := s.views.RecoveryCodes(p)
	s.answer(c, http.StatusOK, html, err)
}

// lacksFactor reports whether somebody is logged in by a password alone whose role needs a second factor, or has made a token so.
func (s *site) lacksFactor(who auth.Access) bool {
	return (who.Via == auth.ViaSession || who.Via == auth.ViaToken) && !who.SecondFactor && slices.Contains(s.options.RequireSecondFactor, who.Role)
}

// requireFactor stands before everything but the own account. Somebody who needs a second factor and has none is led there.
func (s *site) requireFactor(c *gin.Context) {
	if !s.lacksFactor(accessOf(c)) {
		return
	}
	c.Abort()
	where := s.base + "/account"
	switch formatOf(c) {
	case programFormat:
		s.failJSON(c, http.StatusForbidden, needsFactor)
	case socketFormat:
		c.String(http.StatusForbidden, needsFactor+"\n")
	case fragmentFormat:
		c.Header("HX-Redirect", where)
		c.Status(http.StatusForbidden)
	default:
		c.Redirect(http.StatusSeeOther, where)
	}
}
