package handlers

import (
	"context"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// offersKey is the key of a request's context for the users who may be meant, a [*views.Offers].
const offersKey = "userlog.offers"

// resolveUsername returns the username that a page was asked for. If nobody of this name has a log, and one user's name differs only in case and
// the like, it redirects to that user, and done is true. Otherwise it notes which users may be meant. A code from an error page
// leads to its line, and a support code to the customer's log.
//
// resolveUsername decides before the gate is asked. So a mistyped name needs no reason, and is not written to the audit log as a look at somebody.
func (s *site) resolveUsername(c *gin.Context, page string) (username string, done bool) {
	typed := c.Query("username")
	if typed == "" || c.GetHeader("HX-Request") != "" { // a page that refreshes itself has the right name
		return typed, false
	}
	ctx := c.Request.Context()
	found, ok, err := s.logs.Resolve(ctx, typed)
	switch {
	case err != nil: // if Redis does not answer, reading the log fails as well, and says so
		return typed, false
	case s.bySupportCode(c, typed, page, ok && found == typed):
		return typed, true
	case saidOfCode(c) != nil:
		return typed, false
	case ok && found == typed:
		return typed, false
	case s.byReference(c, typed, page):
		return typed, true
	case offersOf(c) != nil: // several requests have that code
		return typed, false
	case ok && !s.isSomebodyElse(ctx, typed):
		query := c.Request.URL.Query()
		query.Set("username", found)
		c.Redirect(http.StatusSeeOther, s.base+page+"?"+query.Encode())
		return found, true
	}
	if offers := s.offers(ctx, typed); offers != nil {
		offers.Page = logPage(page)
		c.Set(offersKey, offers)
		missSupportCode(c, typed)
		return typed, false
	}
	if !s.missReference(c, typed) {
		return typed, true
	}
	missSupportCode(c, typed)
	return typed, false
}

// resolveForProgram is [site.resolveUsername] for programs, which can't be led elsewhere: the answer says whose log it is.
func (s *site) resolveForProgram(c *gin.Context) string {
	typed := c.Query("username")
	found, ok, err := s.logs.Resolve(c.Request.Context(), typed)
	if err != nil || !ok || found != typed && s.isSomebodyElse(c.Request.Context(), typed) {
		return typed
	}
	return found
}

// similar are the usernames that a program may have meant by one without a log.
func (s *site) similar(ctx context.Context, typed string) []string {
	var names []string
	if offers := s.offers(ctx, typed); offers != nil {
		for _, user := range offers.Users {
			names = append(names, user.Username)
		}
	}
	return names
}

// isSomebodyElse reports whether the host says that there is a user of exactly this name. Then no other is meant, whatever
// the case.
func (s *site) isSomebodyElse(ctx context.Context, typed string) bool {
	if s.options.UserExists == nil && !s.people.Known() || store.CheckUsername(typed) != nil {
		return false
	}
	exists, _ := s.people.Exists(ctx, typed) // where the host can't say, there may be
	return exists
}

// offers are the users who may be meant by a name that nobody has, nil for none.
func (s *site) offers(ctx context.Context, typed string) *views.Offers {
	found, err := s.search(ctx, typed, suggestedUsers)
	if err != nil {
		return nil
	}
	found.Users = slices.DeleteFunc(found.Users, func(user store.Seen) bool { return user.Username == typed })
	if len(found.Users) == 0 {
		return nil
	}
	return &views.Offers{Found: found.Found, People: found.people, Partial: found.partial, At: s.logs.Now()}
}

// offersOf are the users who may be meant by the name that a request has, nil for none.
func offersOf(c *gin.Context) *views.Offers {
	value, _ := c.Get(offersKey)
	offers, _ := value.(*views.Offers)
	return offers
}
