package tracing

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

const (
	// maxPerSecond is how many requests get a span at most. A program that anybody can reach must not fill a collector.
	maxPerSecond = 100
	// maxHost is how long the name of a host can be.
	maxHost = 253
)

// Request is a Gin middleware, to stand before all others: it makes a span of a request, which ends with the answer. That of a live socket
// ends when the socket is open. The span has the pattern of the route and no URL, no header but the host, and nothing of who sent the
// request. A proxy that is trusted can say which span is the parent, if the settings let it. The span that others name is a link.
func (t *Tracer) Request(c *gin.Context, isTrusted bool) {
	if !t.allowance.take(time.Now()) {
		c.Next()
		return
	}
	before := c.Request
	ctx, span := t.begin(before, c.FullPath(), isTrusted)
	defer span.End()
	c.Request = before.WithContext(ctx)
	c.Next()
	note(span, c.Writer.Status())
}

// begin begins the span of a request.
func (t *Tracer) begin(r *http.Request, route string, isTrusted bool) (context.Context, trace.Span) {
	method := methodOf(r)
	attributes := []attribute.KeyValue{attribute.String("http.request.method", method), attribute.String("server.address", hostOf(r))}
	name := strings.Replace(method, "_OTHER", "HTTP", 1) // as the conventions have it
	if route != "" {
		attributes = append(attributes, attribute.String("http.route", route))
		name += " " + route
	}
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attributes...)}
	ctx, caller := r.Context(), callerOf(r)
	switch {
	case !caller.IsValid():
	case isTrusted && t.parents:
		ctx = trace.ContextWithRemoteSpanContext(ctx, caller)
	default:
		options = append(options, trace.WithLinks(trace.Link{SpanContext: caller}))
	}
	ctx = context.WithValue(ctx, roundTripsKey{}, new(counted))
	return t.tracer.Start(ctx, name, options...)
}

// note says how a request was answered. That a request was wrong is no failure of ours.
func note(span trace.Span, status int) {
	span.SetAttributes(attribute.Int("http.response.status_code", status))
	if status >= http.StatusInternalServerError {
		span.SetAttributes(attribute.String("error.type", strconv.Itoa(status)))
		span.SetStatus(codes.Error, "")
	}
}

// callerOf is the span that a request says it comes from, without its state, which is any text.
func callerOf(r *http.Request) trace.SpanContext {
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.HeaderCarrier(r.Header))
	return trace.SpanContextFromContext(ctx).WithTraceState(trace.TraceState{})
}

// methodOf is the method of a request, of those that there are: a stranger can send any text.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
		return r.Method
	}
	return "_OTHER"
}

// hostOf is the name by which the server was reached, without a port.
func hostOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	return strings.ToValidUTF8(host[:min(len(host), maxHost)], "")
}

// allowance counts the requests of a second that get a span.
type allowance struct {
	mu     sync.Mutex
	second int64
	taken  int
}

// take reports whether one more may have a span.
func (a *allowance) take(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if second := now.Unix(); second != a.second {
		a.second, a.taken = second, 0
	}
	a.taken++
	return a.taken <= maxPerSecond
}
