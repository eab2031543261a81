//go:build unix

package tracing_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/internal/tracing"
	"github.com/gin-userlog/userlog/internal/tracing/tracingtest"
)

// site is one whose requests are traced, also those of the client of Redis that it has.
type site struct {
	*gin.Engine
	tracer  *tracing.Tracer
	log     *output
	trusted bool
}

// output is a log that is read while it is written.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func newSite(t *testing.T, env map[string]string) *site {
	t.Helper()
	settings, ok, err := tracing.Read(func(name string) (string, bool) { value, set := env[name]; return value, set })
	if !ok || err != nil {
		t.Fatalf("asked for: %v, %v", ok, err)
	}
	s := &site{log: new(output)}
	if s.tracer, err = tracing.New(settings, "1.2", slog.New(slog.NewTextHandler(s.log, nil))); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.end(t.Context()) })
	gin.SetMode(gin.ReleaseMode)
	s.Engine = gin.New()
	s.Use(func(c *gin.Context) { s.tracer.Request(c, s.trusted) })
	s.GET("/users/:name", func(c *gin.Context) { c.String(http.StatusOK, tracing.ID(c.Request.Context())) })
	s.GET("/broken", func(c *gin.Context) { c.Status(http.StatusBadGateway) })
	return s
}

// visit sends a request, and returns what was answered.
func (s *site) visit(method, path string, headers ...string) string {
	request := httptest.NewRequest(method, path, strings.NewReader("canary-body"))
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, request)
	return w.Body.String()
}

// end has everything sent.
func (s *site) end(ctx context.Context) { s.tracer.Close(ctx) }

const (
	caller      = "0af7651916cd43dd8448eb211c80319c"
	traceparent = "00-" + caller + "-b7ad6b7169203331-01"
)

// A span has the route, the method, the status and the host, and nothing else of a request.
func TestRequestsAreSpans(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
	t.Setenv("OTEL_SERVICE_NAME", "support")
	c := tracingtest.Start(t, nil)
	s := newSite(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL + "/base", "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20key", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"})
	id := s.visit("GET", "http://support.example.com:8080/users/canary-name?canary-query=1", "Cookie", "canary-cookie=1", "User-Agent", "canary-agent", "Authorization", "Bearer canary-token", "X-Forwarded-For", "192.0.2.77")
	s.visit("CANARY", "http://support.example.com/canary-path")
	s.visit("GET", "http://support.example.com/broken")
	s.end(t.Context())
	want := map[string]map[string]any{
		"GET /users/:name": {"http.request.method": "GET", "http.route": "/users/:name", "http.response.status_code": int64(200), "server.address": "support.example.com"},
		"HTTP":             {"http.request.method": "_OTHER", "http.response.status_code": int64(404), "server.address": "support.example.com"},
		"GET /broken":      {"http.request.method": "GET", "http.route": "/broken", "http.response.status_code": int64(502), "server.address": "support.example.com", "error.type": "502"},
	}
	spans := c.Spans()
	for _, span := range spans {
		if got := tracingtest.Attributes(span.Attributes); !maps.Equal(got, want[span.Name]) || span.Kind != tracepb.Span_SPAN_KIND_SERVER {
			t.Errorf("%s has %v, want %v", span.Name, got, want[span.Name])
		}
		if failed := span.Status.GetCode() == tracepb.Status_STATUS_CODE_ERROR; failed != (span.Name == "GET /broken") {
			t.Errorf("%s has failed: %v", span.Name, failed)
		}
	}
	about := tracingtest.Attributes(c.Taken().ResourceSpans[0].Resource.Attributes)
	if about["service.name"] != "support" || about["service.version"] != "1.2" || about["deployment.environment.name"] != "test" {
		t.Errorf("the resource has %v", about)
	}
	if len(spans) != 3 || len(id) != 32 || strings.Contains(strings.ToLower(c.Taken().String()), "canary") || strings.Contains(c.Taken().String(), "192.0.2") {
		t.Errorf("trace %q; sent: %v", id, c.Taken())
	}
	request := c.Requests()[0]
	if request.URL.Path != "/base/v1/traces" || request.Header.Get("Api-Key") != "a key" || request.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("sent to %s with %v", request.URL, request.Header)
	}
}

// What a stranger calls the parent is a link, and does not decide whether the request is traced. Nor is any other text of it kept.
func TestStrangersHaveLinks(t *testing.T) {
	for _, propagators := range []string{"", "tracecontext,baggage"} {
		for _, trusted := range []bool{false, true} {
			c := tracingtest.Start(t, nil)
			s := newSite(t, map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": c.URL, "OTEL_PROPAGATORS": propagators})
			s.trusted = trusted
			s.visit("GET", "/users/ada", "Traceparent", traceparent, "Tracestate", "canary=1", "Baggage", "canary=1")
			s.visit("GET", "/users/ada", "Traceparent", strings.TrimSuffix(traceparent, "1")+"0")
			s.end(t.Context())
			believed := trusted && propagators != ""
			if spans := c.Spans(); len(spans) != 2 && !believed || len(spans) != 1 && believed {
				t.Fatalf("%v and %q: %d spans", trusted, propagators, len(spans))
			}
			span := c.Spans()[0]
			if isParent := hex.EncodeToString(span.TraceId) == caller && len(span.ParentSpanId) > 0; isParent != believed || (len(span.Links) == 1) == believed {
				t.Errorf("trusted %v, %q: %v", trusted, propagators, span)
			}
			if strings.Contains(c.Taken().String(), "canary") {
				t.Errorf("sent: %v", c.Taken())
			}
		}
	}
}

// A stranger's traceparent does not have a request traced of which none is to be traced.
func TestStrangersForceNothing(t *testing.T) {
	t.Setenv("OTEL_TRACES_SAMPLER", "parentbased_always_off")
	c := tracingtest.Start(t, nil)
	s := newSite(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL, "OTEL_PROPAGATORS": "tracecontext"})
	if id := s.visit("GET", "/users/ada", "Traceparent", traceparent); id != "" {
		t.Errorf("the request is in the trace %s", id)
	}
	s.end(t.Context())
	if len(c.Requests()) != 0 {
		t.Errorf("sent: %v", c.Taken())
	}
}

// Commands are spans below that of the request, by name. Outside of a request there are none.
func TestRoundTripsAreSpans(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client(t)
	c := tracingtest.Start(t, nil)
	s := newSite(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL})
	s.tracer.Follow(client)
	s.POST("/redis", func(g *gin.Context) {
		ctx := g.Request.Context()
		client.Get(ctx, "canary-key")
		client.Do(ctx, "LPUSH", "canary-key", "canary-value")
		client.Incr(ctx, "canary-key")                                                                        // of the wrong kind
		redis.NewScript("return redis.call('GET', KEYS[1])").Run(ctx, client, []string{"canary-a"}, "canary") // not known yet
		_, _ = client.Pipelined(ctx, func(p redis.Pipeliner) error { p.Get(ctx, "canary-a"); p.Get(ctx, "canary-b"); return nil })
		_, _ = client.TxPipelined(ctx, func(p redis.Pipeliner) error { p.Set(ctx, "canary-a", "canary", 0); return nil })
		g.Status(http.StatusNoContent)
	})
	s.POST("/many", func(g *gin.Context) {
		for range 150 {
			client.Get(g.Request.Context(), "canary-key")
		}
	})
	client.Get(t.Context(), "canary-key")
	s.visit("POST", "/redis")
	s.visit("POST", "/many")
	s.end(t.Context())
	below := make(map[string][]*tracepb.Span) // by the name of the parent
	names := make(map[string]string)
	for _, span := range c.Spans() {
		names[string(span.SpanId)] = span.Name
	}
	for _, span := range c.Spans() {
		below[names[string(span.ParentSpanId)]] = append(below[names[string(span.ParentSpanId)]], span)
	}
	var got []string
	for _, span := range below["POST /redis"] {
		attributes := tracingtest.Attributes(span.Attributes)
		if attributes["db.system.name"] != "redis" || attributes["db.operation.name"] != span.Name || span.Kind != tracepb.Span_SPAN_KIND_CLIENT {
			t.Errorf("%s has %v", span.Name, attributes)
		}
		switch size := attributes["db.operation.batch.size"]; span.Name {
		case "PIPELINE":
			if size != int64(2) {
				t.Errorf("a pipeline of %v", size)
			}
		case "MULTI":
			if size != int64(1) {
				t.Errorf("a transaction of %v", size)
			}
		}
		name := span.Name
		if span.Status.GetCode() == tracepb.Status_STATUS_CODE_ERROR {
			name += "*"
		}
		got = append(got, name)
	}
	if text := strings.Join(got, " "); text != "GET LPUSH INCR* EVALSHA EVAL PIPELINE MULTI" || len(below[""]) != 2 {
		t.Errorf("below the request are %s; at the top %d", text, len(below[""]))
	}
	if n := len(below["POST /many"]); n != 100 {
		t.Errorf("%d of 150 round trips have a span", n)
	}
	if strings.Contains(c.Taken().String(), "canary") {
		t.Errorf("sent: %v", c.Taken())
	}
}

// A round trip that fails says why in a word.
func TestRoundTripsFail(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client(t)
	c := tracingtest.Start(t, nil)
	s := newSite(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL})
	s.tracer.Follow(client)
	s.POST("/redis", func(g *gin.Context) { client.Get(g.Request.Context(), "key") })
	server.Kill()
	s.visit("POST", "/redis")
	s.end(t.Context())
	span := c.Await(t, "GET")
	if span.Status.GetCode() != tracepb.Status_STATUS_CODE_ERROR || span.Status.Message != "" || tracingtest.Attributes(span.Attributes)["error.type"] != "unreachable" {
		t.Errorf("the span is %v", span)
	}
}

// What a collector refuses for a while is sent again, and what it refuses for good is not.
func TestBusyCollectorsAreAskedAgain(t *testing.T) {
	for _, status := range []int{429, 502, 503, 504} {
		first := make(chan struct{}, 1)
		first <- struct{}{}
		c := tracingtest.Start(t, func(w http.ResponseWriter, _ *http.Request) {
			select {
			case <-first:
				w.Header().Set("Retry-After", "0")
				w.WriteHeader(status)
			default:
			}
		})
		t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "1")
		s := newSite(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL})
		s.visit("GET", "/users/ada")
		c.Await(t, "GET /users/:name")
		if n := len(c.Requests()); n != 2 {
			t.Errorf("%d: sent %d times", status, n)
		}
		s.end(t.Context())
	}
	c := tracingtest.Start(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) })
	s := newSite(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL})
	s.visit("GET", "/users/ada")
	s.end(t.Context())
	if n := len(c.Requests()); n != 1 || !strings.Contains(s.log.String(), `lost=1 err="traces export: the collector has answered with the status 400"`) {
		t.Errorf("sent %d times; %s", n, s.log)
	}
}

// A redirect could give the headers to another host.
func TestRedirectsAreNotFollowed(t *testing.T) {
	other := tracingtest.Start(t, nil)
	c := tracingtest.Start(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", other.URL)
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	s := newSite(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL, "OTEL_EXPORTER_OTLP_HEADERS": "api-key=canary"})
	s.visit("GET", "/users/ada")
	s.end(t.Context())
	if len(other.Requests()) != 0 || strings.Contains(s.log.String(), "canary") {
		t.Errorf("the other host got %d requests; %s", len(other.Requests()), s.log)
	}
}

// A collector that hangs delays no request, takes no more memory than the queue has, and does not keep the program from ending.
func TestHungCollectors(t *testing.T) {
	t.Setenv("OTEL_BSP_MAX_QUEUE_SIZE", "8")
	t.Setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4")
	arrived, released := make(chan struct{}), make(chan struct{})
	var once sync.Once
	c := tracingtest.Start(t, func(http.ResponseWriter, *http.Request) {
		once.Do(func() { close(arrived) })
		<-released
	})
	s := newSite(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL})
	for range 60 {
		s.visit("GET", "/users/ada") // which would never return
	}
	<-arrived
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	s.end(ctx) // as well
	close(released)
	redistest.Eventually(t, "the rest is given up", func() bool { return strings.Contains(s.log.String(), "traces can't be sent") })
	if n := len(c.Spans()); n > 4+8+4 {
		t.Errorf("%d of 60 spans were kept", n)
	}
}

// A collector that is not there is told of once, without the address, and changes nothing for requests.
func TestMissingCollectors(t *testing.T) {
	c := tracingtest.Start(t, nil)
	c.Close()
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "1")
	s := newSite(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": strings.Replace(c.URL, "//", "//canary-name:canary-password@", 1) + "/canary-path?canary-query"})
	for range 3 {
		if id := s.visit("GET", "/users/ada"); len(id) != 32 {
			t.Errorf("the request is in the trace %q", id)
		}
	}
	s.end(t.Context())
	if log := s.log.String(); strings.Count(log, "traces can't be sent") != 1 || strings.Contains(log, "canary") {
		t.Errorf("the log is %s", log)
	}
}

// No more than a hundred requests of a second are traced: a stranger can send any number.
func TestFloodsAreNotTraced(t *testing.T) {
	c := tracingtest.Start(t, nil)
	s := newSite(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL})
	traced, begun := 0, time.Now()
	for range 1000 {
		if s.visit("GET", "/users/ada") != "" {
			traced++
		}
	}
	if seconds := int(time.Since(begun)/time.Second) + 2; traced < 100 || traced > 100*seconds {
		t.Errorf("%d of 1000 requests are traced, in less than %d seconds", traced, seconds)
	}
}
