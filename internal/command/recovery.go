package command

import (
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/gin-gonic/gin"
)

// recovery turns a panic of a page into a log line of the given level and an answer. It logs the route instead of the
// URL, and no headers, as those may hold secrets; gin's own Recovery logs all of them.
func recovery(log *slog.Logger, level slog.Level, answer gin.RecoveryFunc) gin.HandlerFunc {
	return gin.CustomRecoveryWithWriter(nil, func(c *gin.Context, cause any) {
		log.Log(c.Request.Context(), level, "a page panicked", "method", c.Request.Method, "route", c.FullPath(),
			"cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
		answer(c, cause)
	})
}

// logErrors logs the errors that pages have left in the context.
func logErrors(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Next()
		for _, err := range c.Errors {
			log.Error("a page failed", "method", c.Request.Method, "route", c.FullPath(), "err", err.Err)
		}
	}
}
