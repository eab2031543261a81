package handlers

import (
	"context"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/internal/audit"
)

// recordTimeout is how long recordDone may take.
const recordTimeout = 2 * time.Second

// actor is the asker of the request, as the audit log names her.
func (s *site) actor(c *gin.Context) audit.Actor { return s.lookOf(c, "").Actor() }

// record writes into the audit log what the request does, before it takes effect. After an error it must
// not take effect.
func (s *site) record(c *gin.Context, r audit.Record) error {
	_, err := s.audit.Append(c.Request.Context(), r)
	return err
}

// recordDone records an action that has happened and can't be refused, such as a logout.
func (s *site) recordDone(c *gin.Context, r audit.Record) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), recordTimeout)
	defer cancel()
	if _, err := s.audit.Append(ctx, r); err != nil {
		s.log.Error("userlog: the audit log could not be written", "action", r.Action, "err", err)
	}
}
