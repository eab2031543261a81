package handlers

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/views"
)

// Somebody who has logged in at a provider proves there who she is. The form that she has sent travels in the attempt, which is sealed and in a
// cookie: nothing is stored meanwhile, and it comes back to the page that asks for one more click.

// maxKeptChange is how long a change is at most that an attempt keeps, in bytes. The cookie has to fit, beside all other headers, into
// what proxies take by default, which is 4 KiB.
const maxKeptChange = 1500

// keptChange is a change that is made once the provider has said who wants it.
type keptChange struct {
	Session string     `json:"session"` // that may make it
	Action  string     `json:"action"`  // path to which the form is sent again
	Form    url.Values `json:"form"`
}

// proofDetail is what the audit log says of a login that is a proof.
const proofDetail = "asked again before a change"

// askProvider ends a request that changes something with a page that leads to the provider.
func (s *site) askProvider(c *gin.Context) {
	s.leadToProvider(c, http.StatusForbidden, keptChange{accessOf(c).ID, s.prefix + c.Request.URL.EscapedPath(), c.Request.PostForm}, nil)
}

// leadToProvider shows a page whose link leads to the provider, and that keeps the change. Where the provider can't be asked, the page
// says so.
func (s *site) leadToProvider(c *gin.Context, status int, change keptChange, message *views.Message) {
	c.Abort()
	kept, err := json.Marshal(change)
	if err != nil {
		s.fail(c, http.StatusInternalServerError, err)
		return
	}
	if len(kept) > maxKeptChange {
		c.String(http.StatusRequestEntityTooLarge, "The form is too large to be kept while your provider asks who you are. Send less at a time.\n")
		return
	}
	p := views.Proof{Layout: s.layout(c, ""), Action: change.Action, AtProvider: true, Message: message}
	address, attempt, err := s.options.SingleSignOn.BeginProof(c.Request.Context(), s.callback(c), string(kept))
	if err != nil {
		s.failures.addForeign("userlog: the provider could not be asked for a proof", err)
		status, p.Message = http.StatusServiceUnavailable, views.SignOnLost()
	} else {
		s.sessions.KeepAttempt(c, attempt)
		p.ProviderURL = address
	}
	s.showProof(c, status, p, change.Form)
}

// finishProof ends a proof with what the provider has said. The person has logged in there, so she gets a new session: a copy of the old
// cookie is worth nothing from then on. The change belongs to the session in which it was asked for, and to no other.
func (s *site) finishProof(c *gin.Context, who SignedOn, failed error) {
	session, err := s.bySession(c)
	if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	var change keptChange
	if json.Unmarshal([]byte(who.Next), &change) != nil || session.Account == "" || change.Session != session.ID {
		s.signOnFailed(c, ErrSignOnRefused)
		return
	}
	c.Set(accessKey, session)
	var tooMany *views.Message
	if err = failed; err == nil {
		tooMany, err = s.takeProviderProof(c, session, who)
	}
	switch {
	case tooMany != nil:
		s.leadToProvider(c, http.StatusTooManyRequests, change, tooMany)
	case err == nil:
		s.showProof(c, http.StatusOK, views.Proof{Layout: s.layout(c, ""), Action: change.Action, AtProvider: true, Confirmed: true}, change.Form)
	case errors.Is(err, ErrNotAsked):
		s.failures.addForeign("userlog: the provider has not asked again who somebody is", err)
		s.leadToProvider(c, http.StatusForbidden, change, views.ProviderNotAsking())
	case errors.Is(err, ErrSignOnRefused), errors.Is(err, auth.ErrDisabled), errors.Is(err, errNoGroup):
		s.failures.addForeign("userlog: a proof at the provider has failed", err)
		s.leadToProvider(c, http.StatusForbidden, change, views.ProviderRefuses())
	case failed != nil:
		s.failures.addForeign("userlog: the provider could not be asked for a proof", err)
		s.leadToProvider(c, http.StatusServiceUnavailable, change, views.SignOnLost())
	default:
		s.fail(c, http.StatusServiceUnavailable, err)
	}
}

// takeProviderProof begins the session of a person who has proved to the provider who she is. Another person is refused, and that is
// written down.
func (s *site) takeProviderProof(c *gin.Context, session auth.Access, who SignedOn) (tooMany *views.Message, err error) {
	if err := s.findSignedOn(c, &who); err != nil {
		return nil, err
	}
	another := who.Name != session.Account
	if !another {
		tooMany, err = s.letSignedOnIn(c, who, proofDetail)
		another = errors.Is(err, auth.ErrSubject)
	}
	if !another {
		return tooMany, err
	}
	if err := s.recordRefusedSignOn(c, session.Account, who.Subject, "another person, asked again of somebody who is logged in"); err != nil {
		return nil, err
	}
	return nil, ErrSignOnRefused
}
