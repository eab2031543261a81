package handlers

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"

	"github.com/gin-userlog/userlog/internal/access"
	"github.com/gin-userlog/userlog/store"
)

// ticketProtocol begins the websocket protocol that is none, but a ticket. Browsers let a page set no other header of a socket, and
// unlike an address it stands in no log of a proxy.
const ticketProtocol = "userlog.ticket."

// offeredTicket is the ticket that a socket's request has, or "".
func offeredTicket(r *http.Request) string {
	for _, protocol := range websocket.Subprotocols(r) {
		if ticket, is := strings.CutPrefix(protocol, ticketProtocol); is {
			return ticket
		}
	}
	return ""
}

// ticketURL is where pages get tickets, "" where they need none: their own server knows them by their cookie.
func (s *site) ticketURL() string {
	if s.options.LiveURL == "" {
		return ""
	}
	return s.base + "/live/ticket"
}

// makeTicket answers with a ticket for one log, which is text. It records nothing: the socket that is opened with it does.
func (s *site) makeTicket(c *gin.Context) {
	username, everyone := c.PostForm("username"), c.PostForm("everyone") == "1"
	if everyone == (username != "") || username != "" && store.CheckUsername(username) != nil {
		c.String(http.StatusBadRequest, "Name either a username or everyone=1.\n")
		return
	}
	look := s.lookOf(c, username)
	if !s.allows(c, look, s.gate.Prepare(c.Request.Context(), look)) {
		return
	}
	ticket, wait, err := s.tickets.Make(c.Request.Context(), look.Access, username)
	answer := access.Answer{Decision: access.Allowed}
	switch {
	case err != nil:
		answer = access.Answer{Err: err}
	case wait > 0:
		answer = access.Answer{Decision: access.TooMany, Wait: wait}
	}
	if s.allows(c, look, answer) {
		c.String(http.StatusOK, ticket)
	}
}
