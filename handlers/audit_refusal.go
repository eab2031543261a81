package handlers

import (
	"context"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/access"
	"github.com/gin-userlog/userlog/internal/audit"
)

// refusedKey is where a request's context holds the [auth.Access] that the gate has refused.
const refusedKey = "userlog.refused"

// recordRefusal writes down that an account asked for something that its role does not let it do. It stands before all routes, so no
// route can forget it. It leaves out what another site had the browser ask for: so that site can't forge a record in the name of the
// person at the browser. When an account has had too many refusals recorded, further ones are refused and not written down.
func (s *site) recordRefusal(c *gin.Context) {
	c.Next()
	refused, found := c.Get(refusedKey)
	who, _ := refused.(auth.Access)
	if origin := c.GetHeader("Origin"); !found || isForeign(c.Request) || origin != "" && !isOwnOrigin(c.Request, origin) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), recordTimeout)
	defer cancel()
	wait, err := s.allowance.TakeRefusal(ctx, who.Account)
	if err != nil {
		s.log.Error("userlog: a refusal could not be written down", "route", c.FullPath(), "err", err)
		return
	}
	if wait > 0 {
		return
	}
	r := access.Look{Access: who, Address: s.ClientAddress(c)}.Actor().Record(audit.Refused, c.Query("username"))
	r.Detail = c.Request.Method + " " + c.FullPath()
	s.recordDone(c, r)
}
