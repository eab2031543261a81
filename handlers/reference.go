package handlers

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// unknownReferenceKey is the key of a request's context for what is said of a code that leads nowhere, a [*views.Message].
const unknownReferenceKey = "userlog.reference"

// byReference leads to the line whose code was typed where a username is asked for. The line is shown as any other look at that log:
// behind the gate. Where the code was given to several requests, their users are offered. It returns false for what is no code, or one
// that leads nowhere.
func (s *site) byReference(c *gin.Context, typed, page string) (done bool) {
	found, err := s.logs.ByReference(c.Request.Context(), typed)
	switch {
	case err != nil || len(found) == 0:
		return false
	case len(found) == 1:
		c.Redirect(http.StatusSeeOther, s.lineURL(found[0].Username, found[0].ID))
		return true
	}
	offers := &views.Offers{Page: page, At: s.logs.Now()}
	for _, one := range found {
		offers.Users = append(offers.Users, store.Seen{Username: one.Username, At: offers.At})
	}
	c.Set(offersKey, offers)
	return false
}

// lineURL is the address of a line of a user's log.
func (s *site) lineURL(username, id string) string { return views.LineURL(s.base, username, id) }

// missReference counts a code that leads nowhere, and notes what is said of it. Counted codes are few a minute, so that nobody
// finds one by trying. It returns false where the request has been answered, since there were too many.
func (s *site) missReference(c *gin.Context, typed string) bool {
	_, err := store.ParseReference(typed)
	if errors.Is(err, store.ErrNotReference) {
		return true
	}
	look := s.lookOf(c, "")
	if !s.allows(c, look, s.gate.Spend(c.Request.Context(), look)) {
		return false
	}
	if err != nil {
		c.Set(unknownReferenceKey, views.WrongReference(typed))
	} else {
		c.Set(unknownReferenceKey, views.NoReference(typed))
	}
	return true
}

// unknownReference is what is said of a code that leads nowhere, nil where none was typed.
func unknownReference(c *gin.Context) *views.Message {
	value, _ := c.Get(unknownReferenceKey)
	message, _ := value.(*views.Message)
	return message
}
