package handlers

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// codeKey is the key of a request's context for what is said of a code that leads nowhere, a [*views.Message].
const codeKey = "userlog.code"

// byReference leads to the line whose code was typed where a username is asked for. The line is shown as any other look at that log:
// behind the gate. Where the code was given to several requests, their users are offered. It returns false for what is no code, or one
// that leads nowhere.
func (s *site) byReference(c *gin.Context, typed, page string) (done bool) {
	found, err := s.logs.ByReference(c.Request.Context(), typed)
	switch {
	case errors.Is(err, store.ErrNotReference), errors.Is(err, store.ErrMistypedReference), err == nil && len(found) == 0:
		return false
	case err != nil:
		s.loseOffers(c, typed, page, err).CodesLost = true
		return false
	case len(found) == 1:
		c.Redirect(http.StatusSeeOther, s.lineURL(found[0].Username, found[0].ID))
		return true
	}
	offers := &views.Offers{Page: page}
	for _, one := range found {
		offers.Users = append(offers.Users, store.Seen{Username: one.Username})
	}
	c.Set(offersKey, offers)
	return false
}

// lineURL is the address of a line of a user's log.
func (s *site) lineURL(username, id string) string { return views.LineURL(s.base, username, id) }

// missReference counts a code that leads nowhere, and notes what is said of it. Counted codes are few a minute, so that nobody
// finds one by trying. It returns false where the request has been answered, since there were too many. Many names have the form of a
// code. So nothing is said of what is not written in capital letters, or is a user's name as the host says.
func (s *site) missReference(c *gin.Context, typed string) bool {
	_, err := store.ParseReference(typed)
	if errors.Is(err, store.ErrNotReference) {
		return true
	}
	if err == nil { // it was looked for
		if look := s.lookOf(c, ""); !s.allows(c, look, s.gate.Spend(c.Request.Context(), look)) {
			return false
		}
	}
	switch {
	case !isInCapitals(typed) || s.isSomebodyElse(c.Request.Context(), typed):
	case err != nil:
		c.Set(codeKey, views.WrongReference(typed))
	default:
		c.Set(codeKey, views.NoReference(typed))
	}
	return true
}

// isInCapitals reports whether a text has letters, and all are capital ones, as in the codes that error pages show.
func isInCapitals(text string) bool {
	return strings.ToUpper(text) == text && strings.ToLower(text) != text
}

// saidOfCode is what is said of a code that leads nowhere, nil where none was typed.
func saidOfCode(c *gin.Context) *views.Message {
	value, _ := c.Get(codeKey)
	message, _ := value.(*views.Message)
	return message
}
