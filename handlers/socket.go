package handlers

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/internal/live"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// socket is the live log itself: HTML frames for the pages, JSON for programs.
func (s *site) socket(c *gin.Context) {
	watch := live.Watch{
		Access:   accessOf(c),
		Username: c.Query("username"),
		After:    c.Query("after"),
		JSON:     c.Query("format") == "json",
		Filter:   views.ParseFilter(c.Request.URL.Query()),
		Users:    chosenUsers(c.Query("users")),
		App:      c.Query("app"),
		Lang:     s.languageOr(c, c.Query("lang")),
		Base:     s.base,
	}
	if c.GetBool(programKey) {
		username, err := s.resolveForProgram(c)
		if err != nil {
			c.String(http.StatusServiceUnavailable, "%s\n", s.storeTrouble(c, err))
			return
		}
		watch.Username = username
	}
	if complaint := complain(c, watch); complaint != "" {
		c.String(http.StatusBadRequest, "%s\n", complaint)
		return
	}
	if c.GetHeader("Upgrade") == "" {
		c.Header("Upgrade", "websocket")
		c.String(http.StatusUpgradeRequired, "This address is for websockets.\n")
		return
	}
	if !s.mayConnect(c) {
		c.String(http.StatusForbidden, "Another site's page can't connect here, and a program needs a token.\n")
		return
	}
	look := s.lookOf(c, watch.Username)
	answer := s.gate.Watch(c.Request.Context(), look)
	if !s.allows(c, look, answer) {
		return
	}
	watch.Until = answer.Until
	c.Status(http.StatusSwitchingProtocols) // for those who log requests: the hub answers below Gin's writer
	s.failSocket(c, s.hub.Serve(c.Writer, c.Request, watch, answer.End))
}

// complain names a mistake in a socket's query, "" if there is none. A slip must not show more than was meant.
func complain(c *gin.Context, watch live.Watch) string {
	if _, err := url.ParseQuery(c.Request.URL.RawQuery); err != nil {
		return "The query can't be read: " + err.Error() + "."
	}
	everyone, show := c.Query("everyone"), c.Query("show")
	if everyone != "" && everyone != "1" || (everyone == "1") == (watch.Username != "") {
		return "Name either a username or everyone=1."
	}
	switch format := c.Query("format"); {
	case format != "" && format != "json" && format != "html":
		return "The format is either html or json."
	case show != "" && show != watch.Filter.Show:
		return "What is shown is pages, changes or errors."
	case watch.JSON && watch.Username != "" && (watch.Filter.Active() || watch.App != "" || len(watch.Users) > 0):
		return "Only of everyone's requests can some be chosen (show, q, app, users)."
	case watch.Username != "" && store.CheckUsername(watch.Username) != nil:
		return "There can be no user of that name."
	}
	return ""
}

// failSocket answers a request that was let in and did not become a socket.
func (s *site) failSocket(c *gin.Context, err error) {
	switch {
	case errors.Is(err, live.ErrFull) && s.turnAway(c, views.TooManyViewers()),
		errors.Is(err, live.ErrTooMany) && s.turnAway(c, views.TooManyPages()):
	case errors.Is(err, live.ErrClosed), errors.Is(err, store.ErrClosed):
		c.String(http.StatusServiceUnavailable, "The server is stopping. Connect again.\n")
	case errors.Is(err, live.ErrFull):
		c.String(http.StatusServiceUnavailable, "As many live logs are open as this server allows. Try again later.\n")
	case errors.Is(err, live.ErrTooMany):
		c.String(http.StatusTooManyRequests, "You have too many live logs open. Close one, and try again.\n")
	}
}
