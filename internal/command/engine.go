package command

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/gin-gonic/gin"
)

// engine returns a Gin engine as every program of ours has it. It survives panics and logs them, believes no proxy, and
// answers health checks. broken answers after a panic, which is logged at the level panics.
func (p *program) engine(panics slog.Level, broken gin.RecoveryFunc) (*gin.Engine, error) {
	engine := gin.New()
	if err := engine.SetTrustedProxies(nil); err != nil {
		return nil, fmt.Errorf("set up the web server: %w", err)
	}
	if p.tracer != nil {
		engine.Use(p.traceRequest)
	}
	if p.meters != nil {
		engine.Use(p.meters.count)
	}
	if p.accessLog {
		engine.Use(p.logRequests(inArea(p.log, accessArea)))
	}
	engine.Use(recovery(p.log, panics, broken), logErrors(p.log))
	p.addHealth(engine)
	return engine, nil
}

// behindProxies is site where X-Forwarded-Prefix is true. Gin believes that header of anybody where it adds
// or takes a slash by itself. So it is removed where a stranger sends it, and set where the options say
// what a proxy takes off the path.
func (p *program) behindProxies(site http.Handler) http.Handler {
	const header = "X-Forwarded-Prefix"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case isIn(p.options.TrustedProxies, remoteIP(r.RemoteAddr)) && len(r.Header.Values(header)) == 1:
		case p.options.ExternalPrefix != "":
			r.Header.Set(header, p.options.ExternalPrefix)
		default:
			r.Header.Del(header)
		}
		site.ServeHTTP(w, r)
	})
}

// strictTransport has browsers come by https only, for a year, once they have come by https: what ASVS
// 5, 3.4.1 asks for. It is for a site of our own: an application that mounts the admin decides for its
// domain itself. Subdomains are not ours to decide about.
func strictTransport(always bool) gin.HandlerFunc {
	return func(c *gin.Context) {
		if always || c.Request.TLS != nil {
			c.Header("Strict-Transport-Security", "max-age=31536000")
		}
	}
}

// isolated has no other site's page use an answer or hold its window, also where the answer is not one of the admin's, such as that of
// a health check.
func isolated(site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
		w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		site.ServeHTTP(w, r)
	})
}

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
