package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/internal/directory"
)

// names answers who users are, for rows that come over the socket of everyone: their names by their usernames.
func (s *site) names(c *gin.Context) {
	usernames := c.QueryArray("username")
	people := s.lookup(c.Request.Context(), usernames[:min(len(usernames), directory.MaxLookup)]...)
	names := make(map[string]string, len(people.Known))
	for username, person := range people.Known {
		if person.Name != "" {
			names[username] = person.Name
		}
	}
	s.sendJSON(c, http.StatusOK, gin.H{"names": names, "lost": people.Lost})
}
