package handlers

import (
	"cmp"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// liveLog shows the page on which a user's requests appear. The requests themselves, those that are
// there already too, come over its socket.
func (s *site) liveLog(c *gin.Context) {
	if polls(c) {
		s.poll(c, c.Query("username"))
		return
	}
	username, done := s.resolveUsername(c, "/live")
	if done {
		return
	}
	s.rememberLogs(c, "/live")
	page := views.LiveLog{
		Layout: s.layout(c, views.SectionLive), Username: username, Filter: views.ParseFilter(c.Request.URL.Query()), Offers: offersOf(c),
		Message: saidOfCode(c),
	}
	if username != "" && page.Message == nil {
		look := s.lookOf(c, username)
		answer := s.gate.Prepare(c.Request.Context(), look)
		if !s.allows(c, look, answer) {
			return
		}
		page.Reason = reasonLeft(answer.Reason)
		page.People, page.Support = s.lookup(c.Request.Context(), username), s.support(c, username)
		known, err := s.known(c, username)
		switch {
		case err != nil:
			s.fail(c, http.StatusServiceUnavailable, err)
			return
		case known:
			page.WatchOnly = recordsFew(s.switched.now(c.Request.Context()))
			page.SocketURL = s.socketURL(page.Lang, page.Filter.AddTo(url.Values{"username": {username}}))
			page.TicketURL = s.ticketURL()
		case store.IsVisitor(username):
			page.Message = views.VisitorGone()
		default:
			gone, err := s.gone(c.Request.Context(), username)
			if err != nil {
				s.fail(c, http.StatusServiceUnavailable, err)
				return
			}
			page.Message = cmp.Or(gone, views.UserNotFound(username))
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

// pageParameter says that a page of ours connects.
const pageParameter = "page"

// socketURL is where a page connects. It names the language, because the cookie that does may not
// reach another host.
func (s *site) socketURL(lang string, query url.Values) string {
	address := s.options.LiveURL
	if address == "" {
		address = s.base + "/live/socket"
	}
	query.Set("lang", lang)
	query.Set(pageParameter, "1")
	return address + "?" + query.Encode()
}
