package tracing

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// silence is how long nothing more is logged after a line about a collector.
const silence = time.Minute

// exporter sends spans, and logs itself what goes wrong. The SDK would give its errors to a handler that is one for the whole process.
type exporter struct {
	*otlptrace.Exporter
	log *slog.Logger

	mu   sync.Mutex
	lost int       // spans since the last line
	last time.Time // of a line about failures; zero while all is well
}

// ExportSpans is called by the SDK, with one batch at a time.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	e.note(len(spans), e.Exporter.ExportSpans(ctx, spans), time.Now())
	return nil
}

// note logs that spans were lost, once a minute at most, and that they are sent again.
func (e *exporter) note(spans int, err error, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err == nil {
		if !e.last.IsZero() {
			e.log.Info("traces are sent again", "lost", e.lost)
			e.last, e.lost = time.Time{}, 0
		}
		return
	}
	e.lost += spans
	if !e.last.IsZero() && now.Sub(e.last) < silence {
		return
	}
	e.log.Warn("traces can't be sent; pages don't wait for them", "lost", e.lost, "err", err)
	e.last, e.lost = now, 0
}
