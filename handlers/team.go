package handlers

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/access"
	"github.com/gin-userlog/userlog/internal/team"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// noteKey is the key of a request's context that is true where a note may have been typed, which must not be lost.
const noteKey = "userlog.note"

// keepNote stands before all that may refuse a form with a note.
func keepNote(c *gin.Context) { c.Set(noteKey, true) }

// changeTeam takes a form about a user from whoever may look at the log: a note, its deletion, or who takes care of the user.
func (s *site) changeTeam(c *gin.Context) {
	username := c.PostForm("username")
	if store.CheckUsername(username) != nil {
		s.fail(c, http.StatusNotFound, nil)
		return
	}
	look := s.lookOf(c, username)
	look.Reason = "" // a browser states it by a form of its own
	answer := s.mayNote(c, look)
	if !s.letsNote(c, look, answer) {
		return
	}
	ctx := c.Request.Context()
	keep, err := s.team.remembered(ctx, username)
	switch {
	case err != nil:
		s.refuseNote(c, http.StatusServiceUnavailable, s.noteTrouble(c, err))
		return
	case keep <= 0:
		s.refuseNote(c, http.StatusUnprocessableEntity, views.Forgotten())
		return
	}
	change, err := s.makeChange(c, team.Change{By: s.actor(c), Reason: answer.Reason.Text, Username: username, Keep: keep})
	if refusal := views.Refusal(err); refusal != nil {
		s.refuseNote(c, http.StatusUnprocessableEntity, refusal)
		return
	}
	if err != nil {
		s.refuseNote(c, http.StatusServiceUnavailable, s.noteTrouble(c, err))
		return
	}
	s.hub.TeamChanged(ctx, username)
	s.confirmNote(c, username, views.Done(change))
}

// mayNote decides whether an account may do something about a user. It may say no more than colleagues can read.
func (s *site) mayNote(c *gin.Context, look access.Look) access.Answer {
	answer := s.gate.Prepare(c.Request.Context(), look)
	if answer.Decision != access.Allowed {
		return answer
	}
	wait, err := s.allowance.TakeNote(c.Request.Context(), look.Access.Account)
	switch {
	case err != nil:
		return access.Answer{Decision: access.StoreLost, Err: err}
	case wait > 0:
		return access.Answer{Decision: access.TooMany, Wait: wait}
	}
	return s.gate.Act(c.Request.Context(), look)
}

// letsNote reports whether an answer of the gate lets the form be taken. Otherwise the request has been answered. A typed text is not
// lost where it can be sent again.
func (s *site) letsNote(c *gin.Context, look access.Look, answer access.Answer) bool {
	switch answer.Decision {
	case access.NeedsReason:
		s.refuseNote(c, http.StatusForbidden, views.ReasonOver())
	case access.TooMany:
		setRetryAfter(c, answer.Wait)
		s.refuseNote(c, http.StatusTooManyRequests, views.TooManyNotes())
	case access.StoreLost:
		s.refuseNote(c, http.StatusServiceUnavailable, s.noteTrouble(c, answer.Err))
	default:
		return s.allows(c, look, answer)
	}
	return false
}

// makeChange does what the form asks for.
func (s *site) makeChange(c *gin.Context, change team.Change) (views.Change, error) {
	ctx := c.Request.Context()
	do, what, _ := strings.Cut(c.PostForm("do"), " ")
	switch do {
	case "note":
		return views.NoteAdded, s.teamChanges.AddNote(ctx, change, c.PostForm("note"))
	case "delete":
		return views.NoteDeleted, s.teamChanges.DeleteNote(ctx, change, what, accessOf(c).Role == auth.Superuser)
	}
	state, known := team.ParseState(do)
	if !known {
		return "", team.ErrQuicker // a form of another version: the page is shown anew
	}
	troubles, err := s.logs.TroubleOf(ctx, change.Username)
	if err != nil {
		return "", err
	}
	if err := team.CheckDone(s.logs.Now(), troubles[0].At); state == team.Done && err != nil {
		return "", err
	}
	return views.HandlingChanged, s.teamChanges.Handle(ctx, change, state, what, troubles[0].At)
}

// noteTrouble notes why a form could not be taken, and is what to say about that.
func (s *site) noteTrouble(c *gin.Context, err error) *views.Message {
	s.failures.add("userlog: something about a user could not be noted", err, "route", c.FullPath())
	if message := views.StoreFault(s.faultBehind(c.Request.Context(), err)); message != nil {
		return message
	}
	return views.StoreLost()
}

// confirmNote says that a form was taken.
func (s *site) confirmNote(c *gin.Context, username string, said *views.Message) {
	if c.GetHeader("HX-Request") == "" { // without scripts, the log is the static one
		c.Redirect(http.StatusSeeOther, s.base+"/static?"+url.Values{"username": {username}}.Encode())
		return
	}
	s.sendNoteParts(c, http.StatusOK, said)
}

// refuseNote says why a form was not taken. A page has what was typed, and htmx leaves that in the page.
func (s *site) refuseNote(c *gin.Context, status int, why *views.Message) {
	c.Abort()
	if c.GetHeader("HX-Request") != "" {
		s.sendNoteParts(c, status, why)
		return
	}
	page := views.Note{Layout: s.layout(c, ""), Username: c.PostForm("username"), Text: c.PostForm("note"), Message: why}
	page.Layout.Current = "" // a switch must not lead to the form's POST
	html, err := s.views.Note(page)
	s.answer(c, status, html, err)
}

// sendNoteParts sends htmx what is said about a form. The change is a part of the log: it comes by the page's socket or refresh, as
// everything else that is shown of a log.
func (s *site) sendNoteParts(c *gin.Context, status int, said *views.Message) {
	html, err := s.views.NoteSaidPartial(s.language(c), said)
	s.answer(c, status, html, err)
}
