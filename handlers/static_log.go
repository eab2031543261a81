package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// refreshSeconds is how often a static log asks whether it has changed.
const refreshSeconds = 2

// staticLog shows a user's log as a page, or to htmx as the part of it that changes.
func (s *site) staticLog(c *gin.Context) {
	username, done := s.resolveUsername(c, "/static")
	if done {
		return
	}
	whole := c.GetHeader("HX-Request") == ""
	if whole {
		s.rememberLogs(c, "/static")
	}
	page := views.StaticLog{
		Layout: s.layout(c, views.SectionStatic), Username: username, Filter: views.ParseFilter(c.Request.URL.Query()), Offers: offersOf(c),
		Line: c.Query(views.LineParameter), Message: saidOfCode(c),
	}
	if username != "" && page.Message == nil {
		look := s.lookOf(c, username)
		answer := s.gate.View(c.Request.Context(), look)
		if !s.allows(c, look, answer) {
			return
		}
		page.Reason = reasonLeft(answer.Reason)
		if whole {
			page.People, page.Support = s.lookup(c.Request.Context(), username), s.support(c, username)
		}
		if err := s.find(c, &page); err != nil {
			s.fail(c, http.StatusServiceUnavailable, err)
			return
		}
		page.Refresh = refreshSeconds
		if log := (store.Log{Entries: page.Entries}); page.Line != "" && len(page.Entries) > 0 && !log.Has(page.Line) {
			page.Message = views.LineGone()
		}
		set := s.switched.now(c.Request.Context())
		page.Fault, page.Feed, page.WatchOnly = s.faults.ofLog(c.Request.Context(), username), s.feed(c.Request.Context(), set, page.Entries...), recordsFew(set)
		if set.NoRecord {
			page.Message = views.RecordingOff()
		}
		if warning := views.StoreFault(page.Fault); warning != nil {
			page.Message = warning
		}
		page.ETag = etag(page, set)
		c.Header(stateHeader, page.Connection())
	}
	c.Header("ETag", page.ETag)
	s.tellTime(c)
	if whole {
		page.At = s.logs.Now()
		html, err := s.views.Static(page)
		s.answer(c, http.StatusOK, html, err)
		return
	}
	if page.ETag != "" && matches(c.GetHeader("If-None-Match"), page.ETag) {
		c.Status(http.StatusNotModified)
		return
	}
	page.At = s.logs.Now()
	html, err := s.views.LogTable(page)
	s.answer(c, http.StatusOK, html, err)
}

// matches reports whether If-None-Match names the ETag, by the weak comparison (RFC 9110, 13.1.2).
func matches(ifNoneMatch, etag string) bool {
	for one := range strings.SplitSeq(ifNoneMatch, ",") {
		if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == strings.TrimPrefix(etag, "W/") {
			return true
		}
	}
	return false
}

// find reads a user's log into a page, with the message about it, and with what colleagues do where there is somebody to note anything about.
func (s *site) find(c *gin.Context, page *views.StaticLog) error {
	username := page.Username
	if store.CheckUsername(username) != nil {
		page.Message = views.UserNotFound(username) // nobody can have such a name
		return nil
	}
	log, now, err := s.logWithTeam(c.Request.Context(), username)
	if err != nil {
		return err
	}
	page.Entries, page.Team = log.Entries, &now
	if len(log.Entries) > 0 {
		page.Message = views.LogsFound(username)
		return nil
	}
	if store.IsVisitor(username) {
		page.Message, page.Team = views.VisitorGone(), nil
		return nil
	}
	if page.Message, err = s.gone(c.Request.Context(), username); err != nil || page.Message != nil {
		return err
	}
	page.Team = nil
	if page.Message = views.NoLogs(username); !s.exists(c, username) {
		page.Message = views.UserNotFound(username)
	}
	return nil
}

// gone says that the log of a name has expired, and is nil where nobody of that name was there. With an error that is not known, and a
// page must not send the agent back to the caller as if the name were wrong.
func (s *site) gone(ctx context.Context, username string) (*views.Message, error) {
	user, ok, err := s.logs.Gone(ctx, username)
	if !ok {
		return nil, err
	}
	return views.Gone(user), nil
}

// exists asks the host whether there is such a user.
func (s *site) exists(c *gin.Context, username string) bool {
	if store.IsVisitor(username) {
		return false // whatever the host says: nobody logs in so
	}
	exists, _ := s.people.Exists(c.Request.Context(), username) // what fails counts as yes, and has been logged
	return exists
}

// etag names what a static log shows, in this language. It is weak, because the bytes differ: some
// answers are compressed.
func etag(page views.StaticLog, set store.Switches) string {
	sum := sha256.New()
	io.WriteString(sum, page.Lang+"\x00"+page.Message.Identity()+"\x00"+string(page.Fault)+"\x00"+page.Connection()+"\x00"+strconv.FormatBool(set.NoRecord)+strconv.FormatBool(set.WatchOnly)+"\x00"+page.Username)
	for _, e := range page.Entries {
		io.WriteString(sum, "\x00"+e.ID)
	}
	if page.Team != nil {
		fmt.Fprintf(sum, "\x00%q %t %t %q %q", page.Team.Looking, page.Team.LookingLost, page.Team.Lost, page.Team.Notes, page.Team.Handling)
	}
	return `W/"` + hex.EncodeToString(sum.Sum(nil)[:12]) + `"`
}
