package handlers

import (
	"context"
	"errors"
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
	case err != nil && (page == "/summary" || !errors.Is(err, store.ErrPartial)): // a moment later, the log may be read all the same
		s.loseOffers(c, typed, page, err).CodesLost = true
		return typed, false
	case s.bySupportCode(c, typed, page, ok && found == typed):
		return typed, true
	case saidOfCode(c) != nil:
		return typed, false
	case ok && found == typed:
		return typed, false
	case s.byReference(c, typed, page):
		return typed, true
	case offersOf(c) != nil: // several requests have that code, or it could not be looked up
		return typed, false
	case ok && !s.isSomebodyElse(ctx, typed):
		query := c.Request.URL.Query()
		query.Set("username", found)
		c.Redirect(http.StatusSeeOther, s.base+page+"?"+query.Encode())
		return found, true
	}
	offers, err := s.offers(ctx, typed)
	switch {
	case offers != nil:
		offers.Page = logPage(page)
		c.Set(offersKey, offers)
	case !s.missReference(c, typed):
		return typed, true
	}
	missSupportCode(c, typed)
	if err != nil && saidOfCode(c) == nil { // a page that tells about a code tells enough
		s.loseOffers(c, typed, page, err)
	}
	return typed, false
}

// resolveForProgram is [site.resolveUsername] for programs, which can't be led elsewhere: the answer says whose log it is. With an error
// it is not known who is meant.
func (s *site) resolveForProgram(c *gin.Context) (username string, err error) {
	typed := c.Query("username")
	found, ok, err := s.logs.Resolve(c.Request.Context(), typed)
	switch {
	case err != nil:
		s.failures.add("userlog: it could not be looked up whom a program means", err)
		return typed, err
	case !ok || found != typed && s.isSomebodyElse(c.Request.Context(), typed):
		return typed, nil
	}
	return found, nil
}

// similar are the usernames that a program may have meant by one without a log. lost reports that they could not be looked up.
func (s *site) similar(ctx context.Context, typed string) (names []string, lost bool) {
	offers, err := s.offers(ctx, typed)
	if offers != nil {
		for _, user := range offers.Users {
			names = append(names, user.Username)
		}
	}
	return names, err != nil
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

// errNotLookedUp says that nobody was found where not all names could be read.
var errNotLookedUp = errors.New("not all names could be read")

// offers are the users who may be meant by a name that nobody has, nil for none. With an error it is not known whether there are any.
func (s *site) offers(ctx context.Context, typed string) (*views.Offers, error) {
	found, err := s.search(ctx, typed, suggestedUsers)
	if err != nil {
		return nil, err
	}
	found.Users = slices.DeleteFunc(found.Users, func(user store.Seen) bool { return user.Username == typed })
	switch {
	case len(found.Users) > 0:
		return &views.Offers{Found: found.Found, People: found.people, Partial: found.partial}, nil
	case found.partial || found.Unread || found.people.Lost:
		return nil, errNotLookedUp
	}
	return nil, nil
}

// loseOffers notes that it could not be looked up who may be meant by what was typed. It returns what the page is going to say.
func (s *site) loseOffers(c *gin.Context, typed, page string, err error) *views.Offers {
	if !errors.Is(err, errNotLookedUp) {
		s.failures.add("userlog: it could not be looked up who is meant", err)
	}
	lost := &views.Offers{Page: logPage(page), Lost: typed}
	c.Set(offersKey, lost)
	return lost
}

// offersOf are the users who may be meant by the name that a request has, nil for none.
func offersOf(c *gin.Context) *views.Offers {
	value, _ := c.Get(offersKey)
	offers, _ := value.(*views.Offers)
	return offers
}
