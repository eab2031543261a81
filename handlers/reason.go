package handlers

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/access"
	"github.com/gin-userlog/userlog/views"
)

// askReason shows the form in which a reason is stated.
func (s *site) askReason(c *gin.Context, status int, p views.Reason) {
	p.Layout = s.layout(c, "")
	p.Offers = offersOf(c)
	p.Layout.Current = p.Next // a language switch must not lead to the form's POST
	html, err := s.views.Reason(p)
	s.answer(c, status, html, err)
}

// stateReason takes the form, and leads on to the log.
func (s *site) stateReason(c *gin.Context) {
	look, next := s.lookOf(c, c.PostForm("username")), s.ownPath(c.PostForm("next"))
	look.Reason = c.PostForm("reason")
	answer := s.gate.StateReason(c.Request.Context(), look)
	if answer.Decision == access.NeedsReason {
		s.askReason(c, http.StatusUnprocessableEntity, views.Reason{
			Username: look.Username, Next: next, Text: look.Reason, Message: views.ReasonMissing(auth.MaxReason),
		})
		return
	}
	if s.allows(c, look, answer) {
		c.Redirect(http.StatusSeeOther, next)
	}
}

// reasonLeft is the reason that a page shows, and for how long it holds; nil where none was stated.
func reasonLeft(reason auth.Reason) *views.ReasonLeft {
	if reason.Text == "" {
		return nil
	}
	return &views.ReasonLeft{Text: reason.Text, Until: reason.Until, Left: time.Until(reason.Until)}
}
