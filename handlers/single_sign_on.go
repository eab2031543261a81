package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

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

	// BeginProof is Begin for somebody who is logged in, whom the provider has to ask again who she is.
	BeginProof(ctx context.Context, redirect, next string) (address, attempt string, err error)

	// Finish says who has logged in, by the attempt and by the query with which the provider has sent the browser back. Where the provider
	// has not asked again after BeginProof, the error is [ErrNotAsked]. Next and Proof are also there with an error, if the attempt is
	// ours.
	Finish(ctx context.Context, attempt string, query url.Values) (SignedOn, error)

	// Check asks again about somebody, by what was sealed. The Sealed of its answer takes the place of sealed, also that with an error unless it is "".
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
	Proof   bool      // it was begun by [SingleSignOn.BeginProof]
	Proven  time.Time // when the provider has asked who it is; zero = it does not say
}

// ErrSignOnRefused says that the provider does not let a person in, or that an answer is not the provider's.
var ErrSignOnRefused = errors.New("the provider refuses")

// ErrNotAsked says that the provider has let a person in without asking again who she is, although it was told to.
var ErrNotAsked = errors.New("the provider has not asked again")

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

// finishSignOn begins a session of whom the provider has logged in, or whom it has asked again.
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
	if who.Proof {
		s.finishProof(c, who, err)
		return
	}
	if err != nil {
		s.signOnFailed(c, err)
		return
	}
	if err = s.findSignedOn(c, &who); err == nil {
		tooMany, err = s.letSignedOnIn(c, who, "")
	}
	switch {
	case tooMany != nil:
		s.showLogin(c, http.StatusTooManyRequests, views.Login{Message: tooMany})
	case err == nil:
		c.Redirect(http.StatusSeeOther, s.ownPath(who.Next))
	case errors.Is(err, auth.ErrDisabled):
		s.refuseSignedOn(c, who, "the account is disabled", views.LoginDisabled(who.Name))
	case errors.Is(err, ErrSignOnRefused), errors.Is(err, auth.ErrSubject):
		s.refuseSignedOn(c, who, err.Error(), views.SignOnRefused())
	case errors.Is(err, errNoGroup):
		s.refuseSignedOn(c, who, err.Error(), views.SignOnWithoutRole(who.Name))
	default:
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

// letSignedOnIn begins the session. A login is recorded, so that it is inside an allowance. Where that is used up, letSignedOnIn
// returns the message that says so, and has set the header that says when to try again. The detail says why the login was, "" for no
// reason.
func (s *site) letSignedOnIn(c *gin.Context, who SignedOn, detail string) (tooMany *views.Message, err error) {
	if who.Role == "" {
		return nil, errNoGroup
	}
	signedOn := auth.SignedOn{Name: who.Name, Subject: who.Subject, Role: who.Role, Sealed: who.Sealed, Proven: who.Proven}
	if err := s.sessions.ClaimName(c.Request.Context(), signedOn); err != nil {
		return nil, err
	}
	if tooMany, err = s.spendPassword(c, who.Name); err != nil || tooMany != nil {
		return tooMany, err
	}
	address := s.ClientAddress(c)
	if err := s.throttle.Succeeded(c.Request.Context(), "sign-on "+c.Query("state"), address); err != nil {
		return nil, err
	}
	r := audit.Actor{Name: who.Name, Role: string(who.Role), Via: string(auth.ViaSignOn), Address: address}.Record(audit.Login, "")
	r.Detail = detail
	if err := s.record(c, r); err != nil {
		return nil, err
	}
	return nil, s.sessions.LogInElsewhere(c, signedOn, address)
}

// refuseSignedOn says why a person is not let in whom the provider has logged in.
func (s *site) refuseSignedOn(c *gin.Context, who SignedOn, why string, message *views.Message) {
	if err := s.recordRefusedSignOn(c, who.Name, who.Subject, why); err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	s.showLogin(c, http.StatusForbidden, views.Login{Next: s.ownPath(who.Next), Message: message})
}

// recordRefusedSignOn writes down that a person was refused whom the provider has let in, within an allowance of the person's own: the name
// may be that of somebody else here.
func (s *site) recordRefusedSignOn(c *gin.Context, name, subject, why string) error {
	wait, err := s.allowance.TakeRefusal(c.Request.Context(), "sign-on "+subject)
	if err != nil || wait > 0 {
		return err
	}
	r := access.Look{Access: auth.Access{Account: name, Via: auth.ViaSignOn}, Address: s.ClientAddress(c)}.Actor().Record(audit.LoginFailed, "")
	r.Detail = why
	return s.record(c, r)
}

// signOnFailed says that a login at the provider did not work. The provider's own words are for the log.
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
