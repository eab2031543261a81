package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/views"
)

// How many users are listed.
const (
	homeUsers      = 20
	suggestedUsers = 10
)

// home shows who was seen last, and which applications report.
func (s *site) home(c *gin.Context) {
	seen, err := s.logs.LastSeen(c.Request.Context(), homeUsers)
	if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	applications, err := s.logs.Applications(c.Request.Context())
	if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	page := views.Home{Layout: s.layout(c, views.SectionHome), Applications: applications}
	for _, user := range seen {
		page.Users = append(page.Users, views.Seen{Username: user.Username, At: user.At})
	}
	html, err := s.views.Home(page)
	s.answer(c, http.StatusOK, html, err)
}

// suggest lists users whose names begin with q, for the search field.
func (s *site) suggest(c *gin.Context) {
	found, err := s.logs.Suggest(c.Request.Context(), c.Query("q"), suggestedUsers)
	if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	var names []string
	for _, user := range found {
		names = append(names, user.Username)
	}
	html, err := s.views.Suggestions(s.language(c), names)
	s.answer(c, http.StatusOK, html, err)
}

// asset serves a stylesheet, script or icon.
func (s *site) asset(c *gin.Context) {
	s.assets.ServeHTTP(c.Writer, c.Request)
}
