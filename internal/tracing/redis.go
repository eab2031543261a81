package tracing

import (
	"context"
	"strings"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/gin-userlog/userlog/store"
)

// maxRoundTrips is how many round trips of a request get a span. An export makes thousands.
const maxRoundTrips = 100

// roundTripsKey is the key of the context with what is counted of a request.
type roundTripsKey struct{}

// counted are the round trips of a request so far.
type counted struct{ atomic.Int32 }

// roundTrips is the hook that makes spans of the way to Redis and back, for requests that have one. They have the names of commands, and no keys
// or values.
type roundTrips struct{ tracer trace.Tracer }

// DialHook is called by go-redis.
func (r roundTrips) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook is called by go-redis.
func (r roundTrips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, command redis.Cmder) error {
		if !isCounted(ctx) {
			return next(ctx, command)
		}
		ctx, span := r.start(ctx, strings.ToUpper(command.Name()))
		defer span.End()
		return failing(span, next(ctx, command))
	}
}

// ProcessPipelineHook is called by go-redis. A transaction begins with MULTI and ends with EXEC, which are not counted.
func (r roundTrips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		if !isCounted(ctx) {
			return next(ctx, commands)
		}
		name, size := "PIPELINE", len(commands)
		if size > 2 && commands[0].Name() == "multi" {
			name, size = "MULTI", size-2
		}
		ctx, span := r.start(ctx, name, attribute.Int("db.operation.batch.size", size))
		defer span.End()
		return failing(span, next(ctx, commands))
	}
}

// start begins the span of a round trip.
func (r roundTrips) start(ctx context.Context, name string, more ...attribute.KeyValue) (context.Context, trace.Span) {
	more = append(more, attribute.String("db.system.name", "redis"), attribute.String("db.operation.name", name))
	return r.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(more...))
}

// isCounted reports whether a round trip is that of a traced request, and one of its first hundred.
func isCounted(ctx context.Context) bool {
	trips, _ := ctx.Value(roundTripsKey{}).(*counted)
	return trips != nil && trace.SpanFromContext(ctx).IsRecording() && trips.Add(1) <= maxRoundTrips
}

// failing notes in one word why a round trip has failed. The words of Redis may have names in them.
func failing(span trace.Span, err error) error {
	if fault := store.FaultOf(err); fault != "" {
		span.SetAttributes(attribute.String("error.type", string(fault)))
		span.SetStatus(codes.Error, "")
	}
	return err
}
