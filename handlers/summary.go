package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/store"
)

// summary tells what a user has done as Markdown, for a ticket. It is a look at the log as any other.
func (s *site) summary(c *gin.Context) {
	username, done := s.meant(c, "/summary")
	if done {
		return
	}
	if store.CheckUsername(username) != nil || unknownReference(c) != nil {
		s.fail(c, http.StatusNotFound, nil)
		return
	}
	look := s.lookOf(c, username)
	if !s.allows(c, look, s.gate.View(c.Request.Context(), look)) {
		return
	}
	log, err := s.logs.Log(c.Request.Context(), username)
	if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	text, err := s.views.Summary(s.language(c), username, s.lookup(c.Request.Context(), username), log.Entries, s.logs.Now())
	if err != nil {
		s.fail(c, http.StatusInternalServerError, err)
		return
	}
	c.Data(http.StatusOK, "text/plain; charset=utf-8", []byte(text))
}
