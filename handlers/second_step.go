package handlers

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/views"
)

// The second step of a login asks for the second factor of an account whose password was right. Until it was given, the browser has a
// session in which nobody is logged in.

// secondStep shows the form of the second step, or leads to the first one.
func (s *site) secondStep(c *gin.Context) {
	next := s.ownPath(c.Query("next"))
	_, ok, err := s.sessions.Waiting(c)
	switch {
	case err != nil:
		s.fail(c, http.StatusServiceUnavailable, err)
	case !ok:
		c.Redirect(http.StatusSeeOther, s.loginURL(c, next))
	default:
		s.showSecondStep(c, http.StatusOK, views.SecondStep{Next: next})
	}
}

// stopHalfway asks for the second factor after the right password, and writes down that somebody knows the password. So the audit log shows
// that also where no login follows. It counts as an attempt, as a wrong password does, and the throttle has let it through. So a
// stranger can't write more records by knowing the password.
func (s *site) stopHalfway(c *gin.Context, account auth.Account, address, next string) {
	actor := audit.Actor{Name: account.Name, Role: string(account.Role), Via: string(auth.ViaSession), Address: address}
	if err := s.record(c, actor.Record(audit.SecondFactorAsked, "")); err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	s.askSecondFactor(c, account, next)
}

// askSecondFactor has the browser wait for the second factor of an account whose password was right, or whose link was used.
func (s *site) askSecondFactor(c *gin.Context, account auth.Account, next string) {
	if err := s.sessions.Await(c, account); err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	c.Redirect(http.StatusSeeOther, s.base+"/login/second?"+url.Values{"next": {next}}.Encode())
}

// takeSecondFactor checks the code of the second step, and logs in.
func (s *site) takeSecondFactor(c *gin.Context) {
	p := views.SecondStep{Next: s.ownPath(c.PostForm("next"))}
	waiting, ok, err := s.sessions.Waiting(c)
	if err == nil && !ok {
		c.Redirect(http.StatusSeeOther, s.loginURL(c, p.Next))
		return
	}
	lane := auth.LaneStranger
	if err == nil && s.browsers.Knows(c, waiting.Name) {
		lane = auth.LaneKnown
	}
	if err == nil {
		p.Message, err = s.attemptFactor(c, waiting.Name, lane, passkeyOf(c))
	}
	if err == nil && p.Message == nil {
		p.Message, err = s.spendPassword(c, waiting.Name)
	}
	if err == nil && p.Message != nil {
		s.showSecondStep(c, http.StatusTooManyRequests, p)
		return
	}
	var account auth.Account
	var factor auth.Factor
	if err == nil {
		account, factor, err = s.verifyFactor(c, waiting, lane, passkeyOf(c), c.PostForm("code"), "second factor of a login")
	}
	if p.Message = views.WrongCode(err); p.Message != nil {
		s.showSecondStep(c, http.StatusUnprocessableEntity, p)
		return
	}
	if err == nil {
		err = s.begin(c, account, waiting.Name, s.ClientAddress(c), "password and "+string(factor))
	}
	switch {
	case err != nil:
		s.fail(c, http.StatusServiceUnavailable, err)
	case factor == auth.FactorRecovery:
		c.Redirect(http.StatusSeeOther, s.base+"/account?done="+string(views.RecoveryUsed))
	default:
		c.Redirect(http.StatusSeeOther, p.Next)
	}
}

// attemptFactor counts that a second factor is tried, as an attempt to log in and, for a code, for the account as a whole: nobody can
// guess a passkey. Where there were too many it returns the message that says so, and has set the header that says when to try again.
func (s *site) attemptFactor(c *gin.Context, name string, lane auth.Lane, passkey passkeyAnswer) (tooMany *views.Message, err error) {
	tooMany, err = s.attempt(c, name, s.ClientAddress(c))
	if err != nil || tooMany != nil || passkey.answer != "" {
		return tooMany, err
	}
	wait, err := s.throttle.AllowCode(c.Request.Context(), name, lane)
	if err != nil || wait == 0 {
		return nil, err
	}
	setRetryAfter(c, wait)
	return views.TooManyAttempts(wait), nil
}

// verifyFactor checks a passkey or, where there is none, a code.
func (s *site) verifyFactor(
	c *gin.Context, account auth.Account, lane auth.Lane, passkey passkeyAnswer, code, what string,
) (auth.Account, auth.Factor, error) {
	if passkey.answer == "" {
		return s.verifyCode(c, account, lane, code, what)
	}
	verified, err := s.verifyPasskey(c, account, passkey, what+", a passkey")
	if err == nil {
		err = s.throttle.CodeSucceeded(c.Request.Context(), account.Name, lane)
	}
	return verified, auth.FactorPasskey, err
}

// verifyCode checks a code of a form. A wrong one is written down, and what says that the operator has to do something is logged.
func (s *site) verifyCode(c *gin.Context, account auth.Account, lane auth.Lane, code, what string) (auth.Account, auth.Factor, error) {
	verified, factor, err := s.accounts.VerifyCode(c.Request.Context(), account, code)
	switch {
	case errors.Is(err, auth.ErrCode):
		if failed := s.recordFailure(c, account.Name, what); failed != nil {
			err = failed
		}
	case errors.Is(err, auth.ErrSeedKey):
		s.log.Error("userlog: a second factor could not be checked", "account", account.Name, "err", err)
	case err == nil:
		err = s.throttle.CodeSucceeded(c.Request.Context(), account.Name, lane)
	}
	return verified, factor, err
}

func (s *site) showSecondStep(c *gin.Context, status int, p views.SecondStep) {
	p.Layout = s.layout(c, "")
	p.Passkeys = s.offersPasskeys(c)
	p.Layout.Current = s.base + "/login/second?" + url.Values{"next": {p.Next}}.Encode()
	html, err := s.views.SecondStep(p)
	s.answer(c, status, html, err)
}

// loginRecord is the record of a login of an account, by what its owner has given.
func loginRecord(account auth.Account, address, by string) audit.Record {
	actor := audit.Actor{Name: account.Name, Role: string(account.Role), Via: string(auth.ViaSession), Address: address}
	r := actor.Record(audit.Login, "")
	r.Detail = by
	return r
}
