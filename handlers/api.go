package handlers

import (
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/store"
)

// The API is for programs, which bring a token: what the pages show, as JSON. An error is a status and
// an object with the one member error, a sentence.

// apiUser is a user in an answer.
type apiUser struct {
	Username string    `json:"username"`
	LastSeen time.Time `json:"last_seen"`
}

// apiUsers answers with users whose names begin with q, or who were seen last.
func (s *site) apiUsers(c *gin.Context) {
	found, err := s.logs.Suggest(c.Request.Context(), c.Query("q"), homeUsers)
	if err != nil {
		s.log.Error("userlog: users could not be looked up", "err", err)
		s.failJSON(c, http.StatusServiceUnavailable, storeLost)
		return
	}
	users := make([]apiUser, 0, len(found))
	for _, user := range found {
		users = append(users, apiUser{user.Username, user.At})
	}
	c.JSON(http.StatusOK, gin.H{"users": users})
}

// apiLog answers with a user's log, newest request first, each in the wire format.
func (s *site) apiLog(c *gin.Context) {
	username := c.Query("username")
	if err := store.CheckUsername(username); err != nil {
		s.failJSON(c, http.StatusBadRequest, "There can be no user of that name: "+err.Error()+".")
		return
	}
	reason, ok := s.reasonOfProgram(c, username)
	if !ok {
		return
	}
	err := s.viewings.Touch(c.Request.Context(), s.viewing(c, audit.View, username, reason))
	var log store.Log
	if err == nil {
		log, err = s.logs.Log(c.Request.Context(), username)
	}
	if err != nil {
		s.failProgram(c, err)
		return
	}
	entries := log.Entries
	if entries == nil {
		entries = []store.Entry{}
	}
	c.JSON(http.StatusOK, gin.H{"username": username, "entries": entries})
}

// storeLost is what programs are told while Redis is away.
const storeLost = "The log store can't be reached, or what is looked at could not be written down. Try again in a moment."

// reasonOfProgram is [site.reasonFor] for those who can't fill in a form: they give reason= instead.
func (s *site) reasonOfProgram(c *gin.Context, username string) (auth.Reason, bool) {
	access := accessOf(c)
	if !s.options.RequireReason || access.Via != auth.ViaToken {
		return s.reasonFor(c, username)
	}
	reason, ok, err := s.reasons.Current(c.Request.Context(), access.Account, username)
	if given, wrong := auth.CheckReason(c.Query("reason")); err == nil && !ok && wrong == nil {
		if err = s.takeAllowance(c); err == nil {
			err = s.state(c, username, given)
		}
		if err == nil {
			reason, ok, err = s.reasons.Current(c.Request.Context(), access.Account, username)
		}
	}
	switch {
	case err != nil:
		s.failProgram(c, fmt.Errorf("look a reason up or state it: %w", err))
		return auth.Reason{}, false
	case !ok:
		s.failJSON(c, http.StatusForbidden, "Say why with reason=, such as the number of a ticket. It holds for half an hour.")
	}
	return reason, ok
}
