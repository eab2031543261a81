package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/views"
)

// everyone shows the page on which all users' requests appear, those that its query asks for.
func (s *site) everyone(c *gin.Context) {
	if polls(c) {
		s.poll(c, "")
		return
	}
	look := s.lookOf(c, "")
	answer := s.gate.Prepare(c.Request.Context(), look)
	if !s.allows(c, look, answer) {
		return
	}
	page := views.LiveLog{
		Layout: s.layout(c, views.SectionEveryone), Everyone: true, Reason: reasonLeft(answer.Reason),
		Filter: views.ParseEveryoneFilter(c.Request.URL.Query()), Application: c.Query("app"), Users: c.Query("users"),
		WatchOnly: recordsFew(s.switched.now(c.Request.Context())),
	}
	if s.people.Known() {
		page.NamesURL = s.base + "/names"
	}
	page.Applications, page.Partial = s.applicationNames(c, page.Application)
	query := page.Filter.AddTo(url.Values{"everyone": {"1"}})
	if page.Application != "" {
		query.Set("app", page.Application)
	}
	if page.Users != "" {
		query.Set("users", page.Users)
	}
	page.SocketURL, page.TicketURL = s.socketURL(page.Lang, query), s.ticketURL()
	html, err := s.views.Live(page)
	s.answer(c, http.StatusOK, html, err)
}

// maxChosenUsers is how many users can be chosen of everyone.
const maxChosenUsers = 50

// chosenUsers are the names in a list with commas.
func chosenUsers(list string) []string {
	var users []string
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" && len(users) < maxChosenUsers {
			users = append(users, name)
		}
	}
	return users
}

// applicationNames lists the applications that report, each once, and the one that is asked for. Where Redis does not answer, it is
// partial: the page is shown all the same, and its socket says what is wrong.
func (s *site) applicationNames(c *gin.Context, asked string) (names []string, partial bool) {
	applications, err := s.logs.Applications(c.Request.Context())
	if asked != "" {
		names = append(names, asked)
	}
	for _, a := range applications {
		names = append(names, a.Name)
	}
	slices.Sort(names)
	return slices.Compact(names), err != nil
}
