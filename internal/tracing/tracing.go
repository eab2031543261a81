// Package tracing sends OpenTelemetry traces of a program of ours to a collector: a span for each request, and one for each round trip to Redis
// below it. It speaks OTLP over HTTP. It is not for applications that mount the admin: they have tracing of their own, or none.
package tracing

import (
	"context"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// scope is what spans say they were made by.
const scope = "github.com/gin-userlog/userlog/internal/tracing"

// closeTimeout is how long the end of a program may wait for a collector.
const closeTimeout = 2 * time.Second

// Tracer makes spans and sends them. Nothing of it waits for the collector but Close. A nil Tracer makes none.
type Tracer struct {
	tracer    trace.Tracer
	processor sdk.SpanProcessor // the queue, and what empties it
	client    *client
	allowance allowance
	parents   bool // the settings let some requests say which span is their parent
}

// New begins to trace. The SDK reads further settings from the environment of the process: the sampler, the name of the service and other
// attributes of the resource, and the size of the queue. Close the tracer.
func New(settings Settings, version string, log *slog.Logger) (*Tracer, error) {
	about, err := resource.New(context.Background(), resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", "userlog"), attribute.String("service.version", version)),
		resource.WithFromEnv()) // the last one counts
	if err != nil {
		log.Warn("OTEL_RESOURCE_ATTRIBUTES can't be read as a whole", "err", err)
	}
	client := newClient(settings)
	sender, err := otlptrace.New(context.Background(), client)
	if err != nil {
		return nil, err
	}
	processor := sdk.NewBatchSpanProcessor(&exporter{Exporter: sender, log: log})
	provider := sdk.NewTracerProvider(sdk.WithResource(about), sdk.WithSpanProcessor(processor), sdk.WithoutPanicRecording())
	return &Tracer{tracer: provider.Tracer(scope, trace.WithInstrumentationVersion(version)), processor: processor, client: client, parents: settings.Parents}, nil
}

// Close sends what waits to be sent, within two seconds, or drops it.
func (t *Tracer) Close(ctx context.Context) {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	t.client.hurry()
	_ = t.processor.Shutdown(ctx) // that of the provider would leave it running where ctx has ended; what is lost is logged
	t.client.cut()
}

// Follow makes spans of what a client of Redis does for requests.
func (t *Tracer) Follow(client redis.UniversalClient) {
	client.AddHook(roundTrips{t.tracer})
}

// ID is the id of the trace that ctx belongs to: "" where its request is not traced, or not any more.
func ID(ctx context.Context) string {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() || !span.SpanContext().IsSampled() {
		return ""
	}
	return span.SpanContext().TraceID().String()
}
