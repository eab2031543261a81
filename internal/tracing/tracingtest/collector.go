// Package tracingtest has a collector of OpenTelemetry for tests.
package tracingtest

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// Collector takes what is sent to it.
type Collector struct {
	*httptest.Server

	mu       sync.Mutex
	answer   http.HandlerFunc // before anything is taken, where it is not nil
	requests []*http.Request
	all      []*tracepb.ResourceSpans
}

// Start starts a collector, which ends with the test. Where answer writes a status other than 200, nothing is taken.
func Start(t testing.TB, answer http.HandlerFunc) *Collector {
	c := &Collector{answer: answer}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

// ServeHTTP is called by net/http.
func (c *Collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.requests = append(c.requests, r)
	c.mu.Unlock()
	if c.answer != nil {
		told := httptest.NewRecorder()
		c.answer(told, r)
		for name := range told.Header() {
			w.Header().Set(name, told.Header().Get(name))
		}
		if w.WriteHeader(told.Code); told.Code != http.StatusOK {
			return
		}
	}
	var body io.Reader = r.Body
	var err error
	if r.Header.Get("Content-Encoding") == "gzip" {
		if body, err = gzip.NewReader(r.Body); err != nil {
			panic(err)
		}
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return // it was cut off
	}
	var data tracepb.TracesData
	if err := proto.Unmarshal(content, &data); err != nil {
		panic(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, data.ResourceSpans...)
}

// Requests are all that came.
func (c *Collector) Requests() []*http.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*http.Request(nil), c.requests...)
}

// Taken is everything that was sent.
func (c *Collector) Taken() *tracepb.TracesData {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &tracepb.TracesData{ResourceSpans: append([]*tracepb.ResourceSpans(nil), c.all...)}
}

// Spans are all that were sent.
func (c *Collector) Spans() (all []*tracepb.Span) {
	for _, of := range c.Taken().ResourceSpans {
		for _, scope := range of.ScopeSpans {
			all = append(all, scope.Spans...)
		}
	}
	return all
}

// Await waits for a span of a name, and returns the first one.
func (c *Collector) Await(t testing.TB, name string) (found *tracepb.Span) {
	t.Helper()
	redistest.Eventually(t, "the span "+name+" is sent", func() bool {
		for _, span := range c.Spans() {
			if span.Name == name {
				found = span
				return true
			}
		}
		return false
	})
	return found
}

// Attributes are attributes by name: texts and whole numbers.
func Attributes(pairs []*commonpb.KeyValue) map[string]any {
	all := make(map[string]any, len(pairs))
	for _, pair := range pairs {
		switch value := pair.Value.Value.(type) {
		case *commonpb.AnyValue_StringValue:
			all[pair.Key] = value.StringValue
		case *commonpb.AnyValue_IntValue:
			all[pair.Key] = value.IntValue
		default:
			all[pair.Key] = pair.Value
		}
	}
	return all
}
