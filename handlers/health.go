package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/internal/doctor"
	"github.com/gin-userlog/userlog/views"
)

// healthTimeout is how long the page looks for what is wrong.
const healthTimeout = 15 * time.Second

// health shows superusers what is wrong. It asks Redis some hundred questions, so one request at a
// time is answered.
func (s *site) health(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), healthTimeout)
	defer cancel()
	select {
	case s.examining <- struct{}{}:
		defer func() { <-s.examining }()
	case <-ctx.Done():
		s.fail(c, http.StatusServiceUnavailable, ctx.Err())
		return
	}
	found := doctor.Examine(ctx, s.logs, doctor.Options{LoginElsewhere: !s.options.ownLogin(), Logger: s.log})
	html, err := s.views.Health(views.Health{Layout: s.layout(c, views.SectionHealth), Findings: found})
	s.answer(c, http.StatusOK, html, err)
}
