package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/live"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// liveLog shows the page on which a user's requests appear. The requests themselves, those that are
// there already too, come over its socket.
func (s *site) liveLog(c *gin.Context) {
	page := views.Live{Layout: s.layout(c, views.SectionLive), Username: c.Query("username"), Filter: views.ParseFilter(c.Request.URL.Query())}
	if page.Username != "" {
		reason, ok := s.reasonFor(c, page.Username)
		if !ok {
			return
		}
		page.Reason = reasonLeft(reason)
		known, err := s.known(c, page.Username)
		switch {
		case err != nil:
			s.fail(c, http.StatusServiceUnavailable, err)
			return
		case known:
			page.SocketURL = s.socketURL(page.Lang, page.Filter.AddTo(url.Values{"username": {page.Username}}))
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

// socketURL is where a page connects. It names the language, because the cookie that does may not
// reach another host.
func (s *site) socketURL(lang string, query url.Values) string {
	address := s.options.LiveURL
	if address == "" {
		address = s.base + "/live/socket"
	}
	query.Set("lang", lang)
	return address + "?" + query.Encode()
}

// loginInterval is how long a socket lasts whose viewer came by somebody else's login: only when it
// connects again can that be asked again.
const loginInterval = time.Minute

// socket is the live log itself: HTML frames for the pages, JSON for programs.
func (s *site) socket(c *gin.Context) {
	watch := live.Watch{
		Access:   accessOf(c),
		Username: c.Query("username"),
		After:    c.Query("after"),
		JSON:     c.Query("format") == "json",
		Filter:   views.ParseFilter(c.Request.URL.Query()),
		App:      c.Query("app"),
		Lang:     s.languageOr(c, c.Query("lang")),
		Base:     s.base,
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
	if !s.mayConnect(c.Request) {
		c.String(http.StatusForbidden, "Another site's page can't connect here, and a program needs a token.\n")
		return
	}
	reason, ok := s.reasonOfProgram(c, watch.Username)
	if !ok {
		return
	}
	watch.Until = s.until(watch.Access.Via, reason)
	action := audit.Watch
	if watch.Username == "" {
		action = audit.WatchEveryone
	}
	end, err := s.viewings.Begin(c.Request.Context(), s.viewing(c, action, watch.Username, reason))
	if err != nil {
		status := recordStatus(c, err)
		if status != http.StatusTooManyRequests {
			s.log.Error("userlog: a live log could not be written to the audit log", "err", err)
		}
		c.String(status, "What is looked at has to be written down, and that is not possible now. Try again.\n")
		return
	}
	defer end()
	s.refuseSocket(c, s.hub.Serve(c.Writer, c.Request, watch))
}

// until is when a socket has to connect again, so that its viewer is asked for a reason, or the host or
// proxy for its viewer: whichever comes first. Zero is never.
func (s *site) until(via auth.Via, reason auth.Reason) time.Time {
	if via != auth.ViaHost && via != auth.ViaProxy {
		return reason.Until
	}
	limit := time.Now().Add(s.loginInterval)
	if !reason.Until.IsZero() && reason.Until.Before(limit) {
		return reason.Until
	}
	return limit
}

// complain says what is wrong with a socket's query, "" for nothing. A slip must not show more than was meant.
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
	case watch.JSON && watch.Username != "" && (watch.Filter.Active() || watch.App != ""):
		return "Only of everyone's requests can some be chosen (show, q, app)."
	case watch.Username != "" && store.CheckUsername(watch.Username) != nil:
		return "There can be no user of that name."
	}
	return ""
}

// refuseSocket answers a request that did not become a socket.
func (s *site) refuseSocket(c *gin.Context, err error) {
	switch {
	case errors.Is(err, live.ErrClosed), errors.Is(err, store.ErrClosed):
		c.String(http.StatusServiceUnavailable, "The server is stopping. Connect again.\n")
	case errors.Is(err, live.ErrFull):
		c.String(http.StatusServiceUnavailable, "As many live logs are open as this server allows. Try again later.\n")
	case errors.Is(err, live.ErrTooMany):
		c.String(http.StatusTooManyRequests, "You have too many live logs open. Close one, and try again.\n")
	}
}
