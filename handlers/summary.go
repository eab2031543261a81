package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// summary tells what a user has done as Markdown, for a ticket, or about one line of the log. It is a look at the log as any other.
func (s *site) summary(c *gin.Context) {
	username, done := s.resolveUsername(c, "/summary")
	if done {
		return
	}
	if offers := offersOf(c); offers != nil && offers.CodesLost { // this user may be somebody of another name, or the text a code
		s.fail(c, http.StatusServiceUnavailable, nil)
		return
	}
	if store.CheckUsername(username) != nil || saidOfCode(c) != nil {
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
	text, err := s.summaryOf(c, username, log)
	switch {
	case err != nil:
		s.fail(c, http.StatusInternalServerError, err)
	case text == "":
		s.fail(c, http.StatusNotFound, nil)
	default:
		c.Data(http.StatusOK, "text/plain; charset=utf-8", []byte(text))
	}
}

// summaryOf is the text about a log, or about one line of it; "" where that line is not there any more.
func (s *site) summaryOf(c *gin.Context, username string, log store.Log) (string, error) {
	ticket := views.Ticket{Admin: s.origin(c) + s.base, Versions: s.versions(c), Zone: views.ParseZone(c.Query("zone"))}
	if id := c.Query(views.LineParameter); id != "" {
		return s.views.LineSummary(s.language(c), username, log.Entries, id, ticket)
	}
	return s.views.Summary(s.language(c), username, s.lookup(c.Request.Context(), username), log.Entries, s.logs.Now(), ticket)
}

// versions are those of the applications that report, by their names. Without an answer of Redis there are none.
func (s *site) versions(c *gin.Context) map[string]string {
	applications, _ := s.logs.Applications(c.Request.Context())
	versions := make(map[string]string, len(applications))
	for _, a := range applications {
		if before, several := versions[a.Name]; several && before != a.Version {
			a.Version = before + " / " + a.Version // while one takes the place of the other
		}
		versions[a.Name] = a.Version
	}
	return versions
}
