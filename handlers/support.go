package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// bySupportCode leads to the log of the customer whose support code was typed where a username is asked for. It writes down beforehand that it uses
// the code up. The gate then decides about the log, as about any look. It returns false if the text is no code, or if the page has something to say of it.
//
// user tells that a user of this name has a log. If that is so, or if the host says that there is such a user, the agent chooses who is meant. Each
// try of a code is counted. Only a name with a log is not, because no such name is ever given as a code.
func (s *site) bySupportCode(c *gin.Context, typed, page string, user bool) (done bool) {
	code, ok := store.ParseSupportCode(typed)
	chosen := c.Query(views.CodeParameter)
	if !ok || chosen == views.NoCode || c.Request.Method != http.MethodGet || strings.Contains(c.GetHeader("Sec-Purpose"), "prefetch") {
		return false
	}
	if isForeign(c.Request) {
		s.offerForeignCode(c, code, page, user)
		return false
	}
	ctx, look := c.Request.Context(), s.lookOf(c, "")
	if (!user || chosen == views.IsCode) && !s.allows(c, look, s.gate.TryCode(ctx, look)) {
		return true
	}
	user = user || s.isSomebodyElse(ctx, typed)
	owner, err := s.logs.SupportOwner(ctx, code)
	switch {
	case err == nil && user && chosen != views.IsCode:
		c.Set(codeKey, views.TwoMeant(code))
		c.Set(offersKey, &views.Offers{Page: logPage(page), Code: code})
	case err == nil:
		return s.useSupportCode(c, code, owner, page)
	case !errors.Is(err, store.ErrSupportCode):
		s.fail(c, http.StatusServiceUnavailable, err)
		return true
	}
	return false
}

// offerForeignCode asks the agent about a code to which another site's page has led. Without the question, a stranger who knows a code could have
// an agent's name shown to the customer, as if that agent were on the phone. A link to a user of that name, such as in a ticket, needs no question.
func (s *site) offerForeignCode(c *gin.Context, code, page string, user bool) {
	if user || s.isSomebodyElse(c.Request.Context(), code) {
		return
	}
	c.Set(codeKey, views.CodeFromElsewhere(code))
	c.Set(offersKey, &views.Offers{Page: logPage(page), Code: code})
}

// useSupportCode uses a code up, and leads to the log.
func (s *site) useSupportCode(c *gin.Context, code, owner, page string) (done bool) {
	ctx, look := c.Request.Context(), s.lookOf(c, owner)
	if !s.allows(c, look, s.gate.UseCode(ctx, look)) {
		return true
	}
	owner, err := s.logs.OpenSupport(ctx, code, look.Access.Account)
	switch {
	case err == nil:
		c.Redirect(http.StatusSeeOther, s.base+logPage(page)+"?"+url.Values{"username": {owner}}.Encode())
		return true
	case errors.Is(err, store.ErrSupportUsed):
		c.Set(codeKey, views.CodeUsed(code))
		return false
	case errors.Is(err, store.ErrSupportCode): // it has expired meanwhile
		return false
	}
	s.fail(c, http.StatusServiceUnavailable, err)
	return true
}

// logPage is a page of a log that people look at.
func logPage(page string) string {
	if page == "/summary" {
		return "/static"
	}
	return page
}

// missSupportCode notes what is said of six digits that are neither a code nor a user's name.
func missSupportCode(c *gin.Context, typed string) {
	if code, ok := store.ParseSupportCode(typed); ok {
		c.Set(codeKey, views.NoSupportCode(code))
	}
}

// support is the call that the reader has taken by the code of a user or visitor, nil for none. Where the log store does not answer, other
// parts of the page say so.
func (s *site) support(c *gin.Context, username string) *views.Call {
	if store.CheckUsername(username) != nil {
		return nil
	}
	found, err := s.logs.Supported(c.Request.Context(), username)
	if err != nil || found.Agent == "" || found.Agent != accessOf(c).Account {
		return nil
	}
	left, err := s.logs.SupportLeft(c.Request.Context(), found.Code)
	if err != nil || left == 0 {
		return nil
	}
	return &views.Call{Support: found, Left: left}
}
