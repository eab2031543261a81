package command

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/store"
)

// Paths of the health checks.
const (
	healthPath = "/healthz"
	readyPath  = "/readyz"
)

// addHealth adds what orchestrators ask: /healthz, whether the program runs, and /readyz, whether
// its log store answers and can be written, and it is not about to end. Neither needs a login; neither tells anything else.
func (p *program) addHealth(r gin.IRoutes) {
	methods := []string{http.MethodGet, http.MethodHead}
	r.Match(methods, healthPath, func(c *gin.Context) { c.String(http.StatusOK, "ok") })
	r.Match(methods, readyPath, func(c *gin.Context) {
		c.Header("Cache-Control", "no-store")
		if p.draining.Load() {
			c.String(http.StatusServiceUnavailable, "this server is about to end: send requests to another one")
			return
		}
		if err := p.logs.PingWrite(c.Request.Context()); err != nil {
			c.String(http.StatusServiceUnavailable, p.words.Fault(store.FaultOf(err)))
			return
		}
		c.String(http.StatusOK, "ready")
	})
}

// isHealthCheck reports whether a request asks for the health of the program.
func isHealthCheck(c *gin.Context) bool {
	return c.Request.URL.Path == healthPath || c.Request.URL.Path == readyPath
}

// works returns, unless somebody keeps the locks that every live page and every entry needs. Redis has no part in it: the program
// works without one.
func (p *program) works() {
	p.admin.Stats()
	p.logs.Stats()
}
