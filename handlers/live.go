package handlers

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/live"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// liveLog shows the page on which a user's requests appear. The requests themselves, those that are
// there already too, come over its socket.
func (s *site) liveLog(c *gin.Context) {
	page := views.Live{Layout: s.layout(c, views.SectionLive), Username: c.Query("username")}
	if page.Username != "" {
		known, err := s.known(c, page.Username)
		switch {
		case err != nil:
			s.fail(c, http.StatusServiceUnavailable, err)
			return
		case known:
			page.SocketURL = s.socketURL(page.Lang, "username", page.Username)
		default:
			page.Message = views.UserNotFound(page.Username)
		}
	}
	html, err := s.views.Live(page)
	s.answer(c, http.StatusOK, html, err)
}

// known reports whether there is something to watch: a user who may exist, or one who is gone and has
// left a log.
func (s *site) known(c *gin.Context, username string) (bool, error) {
	if store.CheckUsername(username) != nil {
		return false, nil
	}
	if s.exists(c, username) {
		return true, nil
	}
	log, err := s.logs.Log(c.Request.Context(), username)
	return len(log.Entries) > 0, err
}

// everyone shows the page on which all users' requests appear.
func (s *site) everyone(c *gin.Context) {
	page := views.Live{Layout: s.layout(c, views.SectionEveryone), Everyone: true}
	page.SocketURL = s.socketURL(page.Lang, "everyone", "1")
	html, err := s.views.Live(page)
	s.answer(c, http.StatusOK, html, err)
}

// socketURL is where a page connects. It names the language, because the cookie that does may not
// reach another host.
func (s *site) socketURL(lang, name, value string) string {
	address := s.options.LiveURL
	if address == "" {
		address = s.base + "/live/socket"
	}
	return address + "?" + url.Values{name: {value}, "lang": {lang}}.Encode()
}

// socket is the live log itself: HTML frames for the pages, JSON for programs.
func (s *site) socket(c *gin.Context) {
	watch := live.Watch{
		Access:   accessOf(c),
		Username: c.Query("username"),
		After:    c.Query("after"),
		JSON:     c.Query("format") == "json",
		Lang:     s.languageOr(c, c.Query("lang")),
		Base:     s.base,
	}
	if everyone := c.Query("everyone") != ""; everyone == (watch.Username != "") {
		c.String(http.StatusBadRequest, "Name either a username or everyone=1.\n")
		return
	}
	if format := c.Query("format"); format != "" && format != "json" && format != "html" {
		c.String(http.StatusBadRequest, "The format is either html or json.\n")
		return
	}
	if c.GetHeader("Upgrade") == "" {
		c.Header("Upgrade", "websocket")
		c.String(http.StatusUpgradeRequired, "This address is for websockets.\n")
		return
	}
	err := s.hub.Serve(c.Writer, c.Request, watch)
	switch {
	case errors.Is(err, live.ErrClosed), errors.Is(err, store.ErrClosed):
		c.String(http.StatusServiceUnavailable, "The server is stopping. Connect again.\n")
	case errors.Is(err, live.ErrFull):
		c.String(http.StatusServiceUnavailable, "As many live logs are open as this server allows. Try again later.\n")
	case errors.Is(err, live.ErrTooMany):
		c.String(http.StatusTooManyRequests, "You have too many live logs open. Close one, and try again.\n")
	case errors.Is(err, store.ErrUsernameLong), errors.Is(err, store.ErrUsernameInvalid):
		c.String(http.StatusBadRequest, "There can be no user of that name.\n")
	}
}
