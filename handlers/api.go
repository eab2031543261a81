package handlers

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/internal/team"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// The API is for programs that bring a token. It answers with JSON what the pages show. An error is a
// status and an object with the one member error, a sentence.

// apiUser is a user in an answer.
type apiUser struct {
	Username string     `json:"username"`
	LastSeen *time.Time `json:"last_seen,omitempty"` // absent for a user without a log, whom the directory knows
	Name     string     `json:"name,omitempty"`
	Detail   string     `json:"detail,omitempty"`
}

// apiUsers is a list of users in an answer.
type apiUsers struct {
	Users   []apiUser `json:"users"`
	Near    bool      `json:"near,omitempty"`           // nobody fits: these have similar names
	Unread  bool      `json:"unread,omitempty"`         // names are still being read: there may be more users
	Partial bool      `json:"partial,omitempty"`        // a part of the log store can't be reached: there may be more users
	Off     bool      `json:"recording_off,omitempty"`  // recording is switched off
	Lost    bool      `json:"directory_lost,omitempty"` // the host's directory does not answer: there may be more users, and names are missing
}

// apiLog is a log in an answer.
type apiLog struct {
	Entries     []store.Entry `json:"entries"`           // newest first
	Gap         *store.Gap    `json:"gap,omitempty"`     // what is missing behind the newest entry
	Similar     []string      `json:"similar,omitempty"` // names of others, where nobody of this name has a log
	Username    string        `json:"username"`
	SimilarLost bool          `json:"similar_lost,omitempty"`  // it could not be looked up whether others have similar names
	Gone        *time.Time    `json:"gone,omitempty"`          // when the user was last seen, where the log has expired
	Off         bool          `json:"recording_off,omitempty"` // recording is switched off
	Watch       bool          `json:"watch_only,omitempty"`    // only users are recorded whose logs are looked at
	Notes       []apiNote     `json:"notes,omitempty"`         // of agents, newest first
	Handling    *apiHandling  `json:"handling,omitempty"`      // who takes care of the user; absent where nobody does
	Lost        bool          `json:"notes_lost,omitempty"`    // notes and handling can't be read now
}

// apiNote is a note about a user in an answer.
type apiNote struct {
	By   string    `json:"by"`
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// apiHandling is who takes care of a user in an answer.
type apiHandling struct {
	State team.State `json:"state"` // on-it or done
	By    string     `json:"by"`
	At    time.Time  `json:"at"`
}

// add adds what colleagues do. The names of those who look now are for people only.
func (l *apiLog) add(now views.Team) {
	l.Lost = now.Lost
	for _, note := range now.Notes {
		l.Notes = append(l.Notes, apiNote{note.By, note.At, note.Text})
	}
	if h := now.Handling; h.State != team.Open {
		l.Handling = &apiHandling{h.State, h.By, h.At}
	}
}

// apiUsers answers with users who may be meant by q, or who were seen last.
func (s *site) apiUsers(c *gin.Context) {
	found, err := s.search(c.Request.Context(), c.Query("q"), homeUsers)
	if err != nil {
		s.failures.add("userlog: users could not be looked up", err)
		s.failJSON(c, http.StatusServiceUnavailable, s.storeTrouble(c, err))
		return
	}
	users := make([]apiUser, 0, len(found.Users))
	for _, user := range found.Users {
		person := found.people.Known[user.Username]
		users = append(users, apiUser{user.Username, lastSeen(user), person.Name, person.Detail})
	}
	near := found.Near && !found.Unread && !found.partial && !found.people.Lost // or else somebody may fit of whom nothing is known now
	s.sendJSON(c, http.StatusOK, apiUsers{users, near, found.Unread, found.partial, s.switched.now(c.Request.Context()).NoRecord, found.people.Lost})
}

// logWithTeam reads a user's log, and at the same time what colleagues do.
func (s *site) logWithTeam(ctx context.Context, username string) (store.Log, views.Team, error) {
	var now views.Team
	var read sync.WaitGroup
	read.Go(func() { now = s.team.of(ctx, []string{username})[username] })
	log, err := s.logs.Log(ctx, username)
	read.Wait()
	return log, now, err
}

// apiLog answers with a user's log, newest request first, each in the wire format.
func (s *site) apiLog(c *gin.Context) {
	username, err := s.resolveForProgram(c)
	if err != nil {
		s.failJSON(c, http.StatusServiceUnavailable, s.storeTrouble(c, err))
		return
	}
	if err := store.CheckUsername(username); err != nil {
		s.failJSON(c, http.StatusBadRequest, "There can be no user of that name: "+err.Error()+".")
		return
	}
	look := s.lookOf(c, username)
	if !s.allows(c, look, s.gate.View(c.Request.Context(), look)) {
		return
	}
	log, now, err := s.logWithTeam(c.Request.Context(), username)
	if err != nil {
		s.failures.add("userlog: a log could not be read for a program", err)
		s.failJSON(c, http.StatusServiceUnavailable, s.storeTrouble(c, err))
		return
	}
	set := s.switched.now(c.Request.Context())
	answer := apiLog{Username: username, Off: set.NoRecord, Watch: recordsFew(set)}
	answer.Entries, answer.Gap = log.Requests()
	answer.add(now)
	if len(log.Entries) == 0 {
		answer.Similar, answer.SimilarLost = s.similar(c.Request.Context(), username)
		user, ok, err := s.logs.Gone(c.Request.Context(), username)
		switch {
		case ok:
			answer.Username, answer.Gone = user.Username, &user.At
		case err != nil:
			s.failures.add("userlog: it could not be read for a program whether a log has expired", err)
			s.failJSON(c, http.StatusServiceUnavailable, s.storeTrouble(c, err))
			return
		}
	}
	s.sendJSON(c, http.StatusOK, answer)
}
