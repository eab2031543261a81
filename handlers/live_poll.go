package handlers

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/internal/live"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// polls reports whether a live page asks for what is new, because it can't have its socket.
func polls(c *gin.Context) bool { return c.GetHeader("HX-Request") != "" && c.Query("after") != "" }

// poll answers a live page that asks for what is new. To the gate it is a look as the refresh of a static log is.
func (s *site) poll(c *gin.Context, username string) {
	if username != "" && store.CheckUsername(username) != nil {
		s.fail(c, http.StatusNotFound, nil)
		return
	}
	look := s.lookOf(c, username)
	if !s.allows(c, look, s.gate.View(c.Request.Context(), look)) {
		return
	}
	after := c.Query("after")
	if after == noEntries {
		after = ""
	}
	parse := views.ParseFilter
	if username == "" {
		parse = views.ParseEveryoneFilter
	}
	html, err := s.hub.Poll(c.Request.Context(), live.Watch{
		Access: accessOf(c), Username: username, After: after, Filter: parse(c.Request.URL.Query()), Users: chosenUsers(c.Query("users")),
		App: c.Query("app"), Lang: s.language(c), Base: s.base,
	})
	if errors.Is(err, live.ErrClosed) || errors.Is(err, store.ErrClosed) {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	s.tellTime(c)
	s.answer(c, http.StatusOK, html, err)
}

// noEntries is in the place of a cursor where a page has no entry yet.
const noEntries = "none"
