package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/access"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/views"
)

// SingleSignOn is a provider at which people log in, such as one of OpenID Connect. "userlog serve" has one. Its methods may be called from
// several goroutines, and should return within some seconds. Their errors are [ErrSignOnRefused] where the provider says no, and else say
// that it can't be asked now.
type SingleSignOn interface {
	// Begin returns the provider's address where a browser logs in, and an attempt, which the browser keeps in a cookie meanwhile. The
	// provider sends the browser back to the address redirect. A login leads to the path next.
	Begin(ctx context.Context, redirect, next string) (address, attempt string, err error)

	// Finish says who has logged in, by the attempt and by the query with which the provider has sent the browser back.
	Finish(ctx context.Context, attempt string, query url.Values) (SignedOn, error)

	// Check asks again about somebody, by what was sealed. What it returns takes its place, also that with an error unless it is "".
	Check(ctx context.Context, sealed string) (SignedOn, error)

	// LogoutURL is where a browser logs out at the provider, which leads it back; "" for nowhere.
	LogoutURL(ctx context.Context, back string) string
}

// SignedOn is a person whom a provider has logged in.
type SignedOn struct {
	Name    string    // which accounts and the audit log have; without case
	Subject string    // by which the provider knows the person for ever
	Role    auth.Role // "" for none: the person is refused
	Sealed  string    // with which [SingleSignOn.Check] asks again; Redis has it
	Next    string    // where the login leads
}

// ErrSignOnRefused says that the provider does not let a person in, or that an answer is not the provider's.
var ErrSignOnRefused = errors.New("the provider refuses")

// callback is where the provider sends browsers back to.
func (s *site) callback(c *gin.Context) string { return s.origin(c) + s.base + "/sign-on/callback" }

// beginSignOn leads the browser to the provider.
func (s *site) beginSignOn(c *gin.Context) {
	next := s.ownPath(c.Query("next"))
	address, attempt, err := s.options.SingleSignOn.Begin(c.Request.Context(), s.callback(c), next)
	if err != nil {
		s.signOnFailed(c, err)
		return
	}
	s.sessions.KeepAttempt(c, attempt)
	c.Redirect(http.StatusSeeOther, address)
}

// finishSignOn begins a session of whom the provider has logged in.
func (s *site) finishSignOn(c *gin.Context) {
	address, attempt := s.ClientAddress(c), "sign-on "+c.Query("state") // whose it is is not known yet: the limits of addresses hold
	tooMany, err := s.attempt(c, attempt, address)
	if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	if tooMany != nil {
		s.showLogin(c, http.StatusTooManyRequests, views.Login{Message: tooMany})
		return
	}
	who, err := s.options.SingleSignOn.Finish(c.Request.Context(), s.sessions.TakeAttempt(c), c.Request.URL.Query())
	if err != nil {
		s.signOnFailed(c, err)
		return
	}
	if err = s.findSignedOn(c, &who); err == nil {
		err = s.letSignedOnIn(c, who, address)
	}
	switch {
	case errors.Is(err, auth.ErrDisabled):
		s.refuseSignedOn(c, who, "the account is disabled", views.LoginDisabled(who.Name))
	case errors.Is(err, ErrSignOnRefused), errors.Is(err, auth.ErrSubject):
		s.refuseSignedOn(c, who, err.Error(), views.SignOnRefused())
	case errors.Is(err, errNoGroup):
		s.refuseSignedOn(c, who, err.Error(), views.SignOnWithoutRole(who.Name))
	case err != nil:
		s.fail(c, http.StatusServiceUnavailable, err)
	}
}

// errNoGroup is why a person has no role.
var errNoGroup = errors.New("no group of the person has a role")

// findSignedOn gives a person the name of her account, if there is one. A name that can't be folded could look like another one.
func (s *site) findSignedOn(c *gin.Context, who *SignedOn) error {
	folded, ok := auth.FoldName(who.Name)
	if !ok {
		who.Name = ""
		return ErrSignOnRefused
	}
	account, err := s.accounts.FindProven(c.Request.Context(), folded)
	switch {
	case errors.Is(err, auth.ErrNoAccount):
		who.Name = folded
	case err != nil:
		return err
	default:
		who.Name = account.Name
		if account.Disabled {
			return auth.ErrDisabled
		}
	}
	return nil
}

// letSignedOnIn begins the session, and leads on. A login is recorded, so that it is inside an allowance.
func (s *site) letSignedOnIn(c *gin.Context, who SignedOn, address string) error {
	if who.Role == "" {
		return errNoGroup
	}
	signedOn := auth.SignedOn{Name: who.Name, Subject: who.Subject, Role: who.Role, Sealed: who.Sealed}
	if err := s.sessions.ClaimName(c.Request.Context(), signedOn); err != nil {
		return err
	}
	tooMany, err := s.spendPassword(c, who.Name)
	if err != nil {
		return err
	}
	if tooMany != nil {
		s.showLogin(c, http.StatusTooManyRequests, views.Login{Message: tooMany})
		return nil
	}
	if err := s.throttle.Succeeded(c.Request.Context(), "sign-on "+c.Query("state"), address); err != nil {
		return err
	}
	actor := audit.Actor{Name: who.Name, Role: string(who.Role), Via: string(auth.ViaSignOn), Address: address}
	if err := s.record(c, actor.Record(audit.Login, "")); err != nil {
		return err
	}
	if err := s.sessions.LogInElsewhere(c, signedOn, address); err != nil {
		return err
	}
	c.Redirect(http.StatusSeeOther, s.ownPath(who.Next))
	return nil
}

// refuseSignedOn says why a person is not let in whom the provider has logged in. It is written down, within an allowance of the person's own:
// the name that the provider tells may be that of somebody else here.
func (s *site) refuseSignedOn(c *gin.Context, who SignedOn, why string, message *views.Message) {
	wait, err := s.allowance.TakeRefusal(c.Request.Context(), "sign-on "+who.Subject)
	if err == nil && wait == 0 {
		r := access.Look{Access: auth.Access{Account: who.Name, Via: auth.ViaSignOn}, Address: s.ClientAddress(c)}.Actor().Record(audit.LoginFailed, "")
		r.Detail = why
		err = s.record(c, r)
	}
	if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	s.showLogin(c, http.StatusForbidden, views.Login{Next: s.ownPath(who.Next), Message: message})
}

// signOnFailed says that a login at the provider did not work. What the provider has said is for the log.
func (s *site) signOnFailed(c *gin.Context, err error) {
	status, message, text := http.StatusServiceUnavailable, views.SignOnLost(), "userlog: the provider could not be asked to log somebody in"
	if errors.Is(err, ErrSignOnRefused) {
		status, message, text = http.StatusForbidden, views.SignOnRefused(), "userlog: a login at the provider has failed"
	}
	s.failures.addForeign(text, err)
	s.showLogin(c, status, views.Login{Next: s.ownPath(c.Query("next")), Message: message})
}

// afterLogout leads on after a logout: to the provider, which would let the person in again without asking, or to the login. It is no
// redirect to the provider, because a form may not lead to another site by the Content-Security-Policy.
func (s *site) afterLogout(c *gin.Context) {
	out := s.base + "/login?out=1"
	if s.options.SingleSignOn != nil {
		if address := s.options.SingleSignOn.LogoutURL(c.Request.Context(), s.origin(c)+out); address != "" {
			c.Header("Refresh", "0; url="+address)
			s.showLogin(c, http.StatusOK, views.Login{Next: s.base + "/", Message: views.LoggedOut()})
			return
		}
	}
	c.Redirect(http.StatusSeeOther, out)
}
