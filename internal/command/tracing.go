package command

import (
	"fmt"
	"io"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/internal/tracing"
)

// trace begins to trace p, where the variables of OpenTelemetry say so. It must be called before the engine is made. A mistake in them is told, and ends
// nothing: they may be meant for all programs of a machine.
func (p *program) trace(lookup func(string) (string, bool)) {
	settings, ok, err := tracing.Read(lookup)
	if !ok {
		return
	}
	if err == nil {
		p.tracer, err = tracing.New(settings, version(), p.log)
	}
	if err != nil {
		p.log.Warn("no traces are sent", "err", err)
		return
	}
	p.tracer.Follow(p.logs.Client())
	p.log.Info("traces are sent", "to", settings.Place())
}

// traceRequest is the middleware that makes a span of a request. Health checks have none, as they come all the time.
func (p *program) traceRequest(c *gin.Context) {
	if isHealthCheck(c) {
		return
	}
	p.tracer.Request(c, isIn(p.options.TrustedProxies, remoteIP(c.Request.RemoteAddr)))
}

// printTracing prints where traces are sent, as a comment in a file of settings.
func printTracing(w io.Writer, lookup func(string) (string, bool)) error {
	settings, ok, err := tracing.Read(lookup)
	switch {
	case !ok:
		return nil
	case err != nil:
		_, err = fmt.Fprintf(w, "# no traces are sent: %s\n", visible(err.Error()))
	default:
		_, err = fmt.Fprintf(w, "# traces are sent to %s, as %s says in the environment\n", visible(settings.Place()), settings.Variable)
	}
	return err
}
