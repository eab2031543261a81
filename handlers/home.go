package handlers

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"sync"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// How much the home page reads.
const (
	homeUsers     = 20                      // those seen last
	everyTroubled = 100                     // users whose requests failed last; the page shows the worst of them, or all
	hintEntries   = store.DefaultMaxEntries // of each user: the newest entries, in which hints are looked for
)

// homeRefreshSeconds is how often the home page asks who is there. The user index is updated every two seconds.
const homeRefreshSeconds = 3

// home shows who is on the site, who is in trouble, and which applications report: as a page, or to
// htmx as the part of it that changes.
func (s *site) home(c *gin.Context) {
	page, err := s.homeNow(c)
	if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	// Time alone changes the lists: a user becomes idle. So their ETag is made of the rendered lists.
	lists, err := s.views.HomeLists(page)
	if err != nil {
		s.fail(c, http.StatusInternalServerError, err)
		return
	}
	sum := sha256.Sum256(lists)
	page.ETag = `"` + hex.EncodeToString(sum[:12]) + `"`
	c.Header("ETag", page.ETag)
	c.Header(stateHeader, page.Connection())
	s.tellTime(c)
	if c.GetHeader("HX-Request") == "" {
		s.logs.ExpectSearch()
		html, err := s.views.Home(page)
		s.answer(c, http.StatusOK, html, err)
		return
	}
	if matches(c.GetHeader("If-None-Match"), page.ETag) {
		c.Status(http.StatusNotModified)
		return
	}
	html, err := s.views.HomeLists(page)
	s.answer(c, http.StatusOK, html, err)
}

// homeNow reads the lists of the home page.
func (s *site) homeNow(c *gin.Context) (views.Home, error) {
	ctx := c.Request.Context()
	page := views.Home{Layout: s.layout(c, views.SectionHome), Refresh: homeRefreshSeconds}
	page.Everybody = c.Query("all") != ""
	var users, troubled, applications error
	var reads sync.WaitGroup // at once, since each may have to wait for a part of Redis that hangs
	reads.Go(func() { page.Users, users = s.logs.LastSeen(ctx, homeUsers) })
	reads.Go(func() { page.Troubled, troubled = s.logs.InTrouble(ctx, everyTroubled) })
	if page.IsSuperuser {
		reads.Go(func() { page.Applications, applications = s.logs.Applications(ctx) })
	}
	reads.Wait()
	if users != nil && !errors.Is(users, store.ErrPartial) {
		return page, users
	}
	page.At, page.TroubleCut = s.logs.Now(), len(page.Troubled) == everyTroubled
	set := s.switched.now(ctx)
	page.Fault, page.WatchOnly = s.faults.ofLog(ctx, ""), recordsFew(set)
	names, all := inSight(page), listed(page)
	handled := false
	reads.Go(func() { page.Feed = s.feed(ctx, set) })
	reads.Go(func() { page.People = s.lookup(ctx, all...) })
	reads.Go(func() { page.Handlings, handled = s.team.handlings(ctx, all) })
	logs, err := s.logs.Newest(ctx, hintEntries, names...)
	reads.Wait()
	page.LookInto(names, logs) // of users whose logs could not be read nothing is known
	// If only some of the questions are answered, the page shows these answers, and says that more may be missing.
	page.Partial = errors.Join(users, troubled, applications, err) != nil || !handled
	return page, nil
}

// listed are all users whom the page names.
func listed(page views.Home) []string {
	var names []string
	for _, user := range page.Users {
		names = append(names, user.Username)
	}
	for _, user := range page.Troubled {
		if !slices.Contains(names, user.Username) {
			names = append(names, user.Username)
		}
	}
	return names
}

// inSight are the users whose logs are searched for hints: those who are on the site, and those who had a failure. Of the latter
// they are some more than the page shows.
func inSight(page views.Home) []string {
	var names []string
	since := page.At.Add(-views.TroubleFor)
	for _, user := range page.Users {
		if user.At.After(since) {
			names = append(names, user.Username)
		}
	}
	most := len(names) + 2*views.MaxTroubled
	if page.Everybody {
		most = len(names) + everyTroubled
	}
	for _, user := range page.Troubled {
		if len(names) < most && user.At.After(since) && !slices.Contains(names, user.Username) {
			names = append(names, user.Username)
		}
	}
	return names
}

// suggestedUsers is how many users are suggested at once.
const suggestedUsers = 10

// suggest lists users who may be meant by q, for the search field.
func (s *site) suggest(c *gin.Context) {
	found, err := s.search(c.Request.Context(), c.Query("q"), suggestedUsers)
	if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	list := views.Suggestions{At: s.logs.Now(), Lang: s.language(c), Found: found.Found, People: found.people, Partial: found.partial}
	if len(found.Users) == 0 {
		if list.Gone, err = s.gone(c.Request.Context(), c.Query("q")); err != nil && !errors.Is(err, store.ErrPartial) {
			s.fail(c, http.StatusServiceUnavailable, err)
			return
		}
		list.Partial = list.Partial || err != nil
	}
	html, err := s.views.Suggestions(list)
	s.tellTime(c)
	s.answer(c, http.StatusOK, html, err)
}
