package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/views"
)

// recordTimeout is how long is waited to write down what cannot be refused any longer.
const recordTimeout = 2 * time.Second

// record writes what the request does into the audit log, before it takes effect: after an error it
// must not. Who does it, from where and by what means is filled in.
func (s *site) record(c *gin.Context, r audit.Record) error {
	access := accessOf(c)
	if r.Actor == "" {
		r.Actor = access.Account
	}
	r.Role, r.Via, r.Address = string(access.Role), string(access.Via), s.clientAddress(c)
	_, err := s.audit.Append(c.Request.Context(), r)
	return err
}

// recordDone writes down what has happened and can't be refused, such as a logout.
func (s *site) recordDone(c *gin.Context, r audit.Record) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), recordTimeout)
	defer cancel()
	r.Address = s.clientAddress(c)
	if _, err := s.audit.Append(ctx, r); err != nil {
		s.log.Error("userlog: the audit log could not be written", "action", r.Action, "err", err)
	}
}

// reasonFor returns why the reader looks at a log, "" being everyone's, where it has to be stated. It
// is not ok where that is missing: then the request has been answered with the form that asks.
func (s *site) reasonFor(c *gin.Context, username string) (reason auth.Reason, ok bool) {
	if !s.options.RequireReason {
		return auth.Reason{}, true
	}
	reason, ok, err := s.reasons.Current(c.Request.Context(), accessOf(c).Account, username)
	switch {
	case err != nil:
		s.fail(c, http.StatusServiceUnavailable, err)
	case ok:
		return reason, true
	case c.GetHeader("HX-Request") != "":
		c.Header("HX-Refresh", "true") // the whole page, which is the form then
		c.AbortWithStatus(http.StatusForbidden)
	case c.GetHeader("Upgrade") != "":
		c.String(http.StatusForbidden, "State a reason first: load the page, or give reason=.\n")
		c.Abort()
	default:
		s.askReason(c, http.StatusForbidden, views.Reason{Username: username, Next: s.ownPath(c.Request.URL.RequestURI())})
	}
	return auth.Reason{}, false
}

// askReason shows the form in which a reason is stated.
func (s *site) askReason(c *gin.Context, status int, p views.Reason) {
	p.Layout = s.layout(c, "")
	p.Layout.Current = p.Next // a language switch must not lead to the form's POST
	html, err := s.views.Reason(p)
	c.Abort()
	s.answer(c, status, html, err)
}

// stateReason takes the form, and leads on to the log.
func (s *site) stateReason(c *gin.Context) {
	username, next := c.PostForm("username"), s.ownPath(c.PostForm("next"))
	text, err := auth.CheckReason(c.PostForm("reason"))
	if err != nil {
		s.askReason(c, http.StatusUnprocessableEntity, views.Reason{Username: username, Next: next, Text: c.PostForm("reason"), Message: views.ReasonMissing(auth.MaxReason)})
		return
	}
	if err := s.state(c, username, text); err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	c.Redirect(http.StatusSeeOther, next)
}

// state writes a reason down, and remembers it.
func (s *site) state(c *gin.Context, username, text string) error {
	if err := s.record(c, audit.Record{Action: audit.ReasonStated, Subject: username, Reason: text}); err != nil {
		return err
	}
	return s.reasons.State(c.Request.Context(), accessOf(c).Account, username, text)
}

// viewing is somebody looking at a log, for the audit log.
func (s *site) viewing(c *gin.Context, action audit.Action, username string, reason auth.Reason) audit.Viewing {
	access := accessOf(c)
	return audit.Viewing{
		Actor: access.Account, Role: string(access.Role), Action: action, Subject: username,
		Address: s.clientAddress(c), Via: string(access.Via), Reason: reason.Text,
	}
}

// look notes that a log is being looked at. Where that can't be written down, it is not ok, and the
// request has been refused: nobody looks unrecorded.
func (s *site) look(c *gin.Context, username string, reason auth.Reason) (ok bool) {
	err := s.viewings.Touch(c.Request.Context(), s.viewing(c, audit.View, username, reason))
	if err != nil {
		s.failRecord(c, err)
	}
	return err == nil
}

// reasonLeft is what a page says about the reason that was stated for it; nil where none was.
func reasonLeft(reason auth.Reason) *views.ReasonLeft {
	if reason.Text == "" {
		return nil
	}
	return &views.ReasonLeft{Text: reason.Text, Until: reason.Until, Left: time.Until(reason.Until)}
}
