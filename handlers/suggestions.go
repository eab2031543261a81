package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/views"
)

// suggestedUsers is how many users are suggested at once.
const suggestedUsers = 10

// suggest lists users whose names begin with q, for the search field.
func (s *site) suggest(c *gin.Context) {
	found, err := s.logs.Suggest(c.Request.Context(), c.Query("q"), suggestedUsers+1)
	if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	more := len(found) > suggestedUsers
	html, err := s.views.Suggestions(views.Suggestions{
		Lang: s.language(c), Users: found[:min(len(found), suggestedUsers)], More: more,
	})
	s.answer(c, http.StatusOK, html, err)
}
