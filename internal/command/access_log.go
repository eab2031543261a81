package command

import (
	"log/slog"
	"time"

	"github.com/gin-gonic/gin"
)

// maxLoggedPath is how many bytes of a path that leads nowhere are logged.
const maxLoggedPath = 200

// logRequests returns the middleware that writes a line for each request. It has neither the query nor a header nor the body, which may
// have secrets and names, and of an address that the site has it has the route. Health checks are at debug level, as they come all
// the time.
func (p *program) logRequests(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		begun := time.Now()
		defer func() { p.logRequest(log, c, time.Since(begun)) }() // also where a page panics
		c.Next()
	}
}

func (p *program) logRequest(log *slog.Logger, c *gin.Context, took time.Duration) {
	level := slog.LevelInfo
	if isHealthCheck(c) {
		level = slog.LevelDebug
	}
	where := slog.String("route", c.FullPath())
	if c.FullPath() == "" {
		path := c.Request.URL.EscapedPath()
		where = slog.String("path", path[:min(len(path), maxLoggedPath)])
	}
	log.LogAttrs(c.Request.Context(), level, "request",
		slog.String("method", methodOf(c.Request)), where, slog.Int("status", c.Writer.Status()), slog.Int("bytes", max(c.Writer.Size(), 0)),
		slog.Duration("took", took.Round(time.Microsecond)), slog.String("address", p.admin.ClientAddress(c)),
	)
}
