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

// bySupportCode leads to the log of the customer whose code was typed where a username is asked for. It uses the code up, and writes that down
// before. The log is shown as to any other look: behind the gate. user tells that a user of this name has a log. Then the agent chooses, as where the
// host says that there is such a user. Each look at the codes is counted but that at a name with a log: no code is given that is one. It
// returns false for what is no code, or where something is to be said of it.
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

// offerForeignCode asks the agent about a code to which another site's page has led. Else a stranger who knows a code could have an agent's
// name shown to the customer, as if that agent were on the phone. A link to a user's log, such as that of a ticket, is only that.
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
func (s *site) support(c *gin.Context, username string) *store.Support {
	if store.CheckUsername(username) != nil {
		return nil
	}
	found, err := s.logs.Supported(c.Request.Context(), username)
	if err != nil || found.Agent == "" || found.Agent != accessOf(c).Account {
		return nil
	}
	return &found
}
