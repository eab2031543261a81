package handlers

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/internal/access"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/views"
)

// lookOf is the request as a look at the log of username, "" for everyone's.
func (s *site) lookOf(c *gin.Context, username string) access.Look {
	return access.Look{
		Access: accessOf(c), Address: s.ClientAddress(c), Username: username, Reason: c.Query("reason"),
	}
}

// allows reports whether an answer of the gate lets the request go on. Otherwise the request has been
// answered.
func (s *site) allows(c *gin.Context, look access.Look, answer access.Answer) bool {
	if answer.Decision == access.Allowed {
		return true
	}
	if answer.Decision == access.TooMany {
		setRetryAfter(c, answer.Wait)
	}
	s.failures.add("userlog: a request could not be let in", answer.Err, "route", c.FullPath())
	c.Abort()
	switch formatOf(c) {
	case programFormat:
		s.refuseProgram(c, answer)
	case socketFormat:
		s.refuseSocket(c, answer)
	case fragmentFormat:
		s.refuseFragment(c, answer)
	default:
		s.refusePage(c, look, answer)
	}
	return false
}

// format is the form in which a request is answered.
type format int

const (
	pageFormat     format = iota // HTML, or a redirect
	fragmentFormat               // a part of a page, for htmx
	socketFormat                 // a status before the upgrade; only logs and tools show its text
	programFormat                // JSON
)

// formatOf tells the format by the headers, and for programs by the way they were let in.
func formatOf(c *gin.Context) format {
	switch {
	case c.GetBool(programKey):
		return programFormat
	case c.GetHeader("Upgrade") != "":
		return socketFormat
	case c.GetHeader("HX-Request") != "":
		return fragmentFormat
	}
	return pageFormat
}

// Texts that programs and sockets are told. Pages have theirs in the reader's language.
const (
	needsToken  = "Send a valid token: Authorization: Bearer userlog_…."
	needsReason = "Say why with reason=, such as the number of a ticket. It holds for half an hour."
	tooMuch     = "That is more than can be written down at a time. Wait as long as Retry-After says, and try again."
	storeLost   = "The log store can't be reached, or the look could not be written down. Try again in a moment."
	refused     = "This account may not look at logs."
	needsFactor = "This account needs a second factor: set one up on its page."
)

// refuseProgram answers with a status and a sentence in JSON.
func (s *site) refuseProgram(c *gin.Context, answer access.Answer) {
	switch answer.Decision {
	case access.NeedsLogin:
		c.Header("WWW-Authenticate", "Bearer")
		s.failJSON(c, http.StatusUnauthorized, needsToken)
	case access.NeedsReason:
		s.failJSON(c, http.StatusForbidden, needsReason)
	case access.Refused:
		s.failJSON(c, http.StatusForbidden, refused)
	case access.TooMany:
		s.failJSON(c, http.StatusTooManyRequests, tooMuch)
	default:
		s.failJSON(c, http.StatusServiceUnavailable, s.storeTrouble(c, answer.Err))
	}
}

// refuseSocket answers with a status, before the upgrade. A browser does not tell its page that status. A page that would not be
// shown any longer finds that out by itself, and tellPage tells all others.
func (s *site) refuseSocket(c *gin.Context, answer access.Answer) {
	if s.tellPage(c, answer) {
		return
	}
	var status int
	var text string
	switch answer.Decision {
	case access.NeedsLogin:
		status, text = http.StatusUnauthorized, "Log in first: load the page again."
		if !s.canLogIn() {
			status = http.StatusForbidden
		}
	case access.Refused:
		status, text = http.StatusForbidden, refused
	case access.NeedsReason:
		status, text = http.StatusForbidden, "State a reason first: load the page, or give reason=."
	case access.TooMany:
		status, text = http.StatusTooManyRequests, tooMuch
	default:
		status, text = http.StatusServiceUnavailable, s.storeTrouble(c, answer.Err)
	}
	c.String(status, "%s\n", text)
}

// tellPage tells a live page why it is not served, where the page itself would be shown again. It reports whether the request
// has been answered.
func (s *site) tellPage(c *gin.Context, answer access.Answer) bool {
	switch {
	case errors.Is(answer.Err, audit.ErrClosed): // another process will serve the page
		return false
	case answer.Decision == access.StoreLost:
		fault := s.faultBehind(c.Request.Context(), answer.Err)
		return s.turnAway(c, cmp.Or(views.StoreFault(fault), views.StoreLost()))
	case answer.Decision == access.TooMany:
		return s.turnAway(c, views.TooManyPages())
	}
	return false
}

// turnAway lets a live page connect for no other purpose than to read why it is not served. It returns false, and has not answered, if
// nothing says that a page of ours asks. A program, for example, can read a status.
func (s *site) turnAway(c *gin.Context, why *views.Message) bool {
	if c.Query(pageParameter) == "" || c.Query("format") == "json" || !s.mayConnect(c) {
		return false
	}
	frame, err := s.views.RefusalPartials(s.languageOr(c, c.Query("lang")), why)
	if err != nil {
		s.log.Error("userlog: a page could not be told why it is not served", "err", err)
		return false
	}
	_ = s.hub.Refuse(c.Writer, c.Request, frame) // the page has gone, or has been answered
	return c.Writer.Written()
}

// refuseFragment has htmx load the whole page where that asks for a login or a reason. In place of the
// fragment, a form would stand in the middle of a page.
func (s *site) refuseFragment(c *gin.Context, answer access.Answer) {
	switch {
	case answer.Decision == access.NeedsLogin && s.canLogIn():
		next := s.here(c)
		if current, err := url.Parse(c.GetHeader("HX-Current-URL")); err == nil {
			next = current.RequestURI()
		}
		c.Header("HX-Redirect", s.loginURL(c, next))
		c.Status(http.StatusUnauthorized)
	case answer.Decision == access.NeedsReason:
		c.Header("HX-Refresh", "true")
		c.Status(http.StatusForbidden)
	default:
		s.refusePage(c, access.Look{}, answer)
	}
}

// refusePage answers with a page that says how to go on.
func (s *site) refusePage(c *gin.Context, look access.Look, answer access.Answer) {
	switch answer.Decision {
	case access.NeedsLogin:
		s.askLogin(c)
	case access.Refused:
		s.showError(c, views.Error{Status: http.StatusForbidden, NoAccess: true})
	case access.NeedsReason:
		s.askReason(c, http.StatusForbidden, views.Reason{Username: look.Username, Next: s.ownPath(s.here(c))})
	case access.TooMany:
		s.fail(c, http.StatusTooManyRequests, nil)
	default:
		if c.GetBool(noteKey) {
			s.refuseNote(c, http.StatusServiceUnavailable, s.noteTrouble(c, answer.Err))
			return
		}
		s.showError(c, views.Error{Status: http.StatusServiceUnavailable, Fault: s.faultBehind(c.Request.Context(), answer.Err)})
	}
}

// askLogin leads a page to the login, and back after it. Where there is none to lead to, it refuses.
func (s *site) askLogin(c *gin.Context) {
	switch {
	case !s.canLogIn() || s.comesFromLogin(c):
		s.showError(c, views.Error{Status: http.StatusForbidden, NoAccess: true})
	case c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead:
		c.Redirect(http.StatusSeeOther, s.loginURL(c, s.base+"/")) // a form can't be sent again by a link
	default:
		c.Redirect(http.StatusSeeOther, s.loginURL(c, s.here(c)))
	}
}

// storeTrouble says to a program why it got no answer.
func (s *site) storeTrouble(c *gin.Context, err error) string {
	if fault := s.faultBehind(c.Request.Context(), err); fault.IsRefusal() {
		return s.words.Fault(fault)
	}
	return storeLost
}

// setRetryAfter says when to try again, in whole seconds.
func setRetryAfter(c *gin.Context, wait time.Duration) {
	c.Header("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
}
