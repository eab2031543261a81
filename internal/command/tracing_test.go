//go:build unix

package command_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/internal/tracing/tracingtest"
	"github.com/gin-userlog/userlog/store"
)

// openMetrics reads the metrics as Prometheus does where it keeps exemplars.
func openMetrics(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5")
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// Requests are sent as spans with what they asked of Redis below them, and metrics lead to them. No name or secret is in any, and health checks
// are none. That of a live socket ends when it is open.
func TestServeSendsTraces(t *testing.T) {
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
	c := tracingtest.Start(t, nil)
	server := redistest.Start(t)
	application := openStore(t, server.URL, store.Options{})
	record(application, "canary-customer", "/canary-path")
	awaitWritten(t, application, 1)
	r := start(t, environ{"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL}, "serve", "--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0", "--redis", server.URL,
		"--superuser", "canary-root", "--superuser-password-file", canary(t, "canary sings at dawn"))
	r.err.await(t, `msg="traces are sent" to=`+c.URL+`/v1/traces\n`)
	metrics := r.err.await(t, `metrics are served.* at=(\S+)`)[1]
	r.err.await(t, "has been created")
	v := visit(t, r.origin(t))
	sendCanaries(t, v)
	v.logIn("/userlog", "canary-root", "canary sings at dawn")
	sendCanaries(t, v)
	v.get("/userlog/static?username=canary-customer")
	v.get("/userlog/canary-nowhere")
	dialer := websocket.Dialer{Jar: v.client.Jar}
	conn, _, err := dialer.Dial("ws"+strings.TrimPrefix(v.origin, "http")+"/userlog/live/socket?everyone=1", http.Header{"Origin": {v.origin}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	redistest.Eventually(t, "the span of the socket is sent while it is open", func() bool {
		for _, span := range c.Spans() {
			if span.Name == "GET /userlog/live/socket" && tracingtest.Attributes(span.Attributes)["http.response.status_code"] == int64(http.StatusSwitchingProtocols) {
				return true
			}
		}
		return false
	})
	page := c.Await(t, "GET /userlog/static")
	below := 0
	for _, span := range c.Spans() {
		if string(span.ParentSpanId) == string(page.SpanId) {
			below++
		}
	}
	if below == 0 {
		t.Error("the page has asked nothing of Redis")
	}
	told := openMetrics(t, metrics)
	for _, want := range []string{
		`userlog_http_request_seconds_bucket\{code="200",method="GET",route="/userlog/static",le="[^"]+"\} 1 # \{trace_id="[0-9a-f]{32}"\}`,
		`userlog_redis_seconds_bucket\{kind="command",le="[^"]+"\} \d+ # \{trace_id="[0-9a-f]{32}"\}`,
		`userlog_audit_records_total\{action="login"\} 1\.0\n`,
	} {
		if !regexp.MustCompile(want).MatchString(told) {
			t.Errorf("there is no %s in\n%s", want, told)
		}
	}
	conn.Close()
	r.end(t)
	c.Await(t, "GET") // of a page that is nowhere
	wantNoCanary(t, c.Taken().String())
	if about := tracingtest.Attributes(c.Taken().ResourceSpans[0].Resource.Attributes); about["service.name"] != "userlog" {
		t.Errorf("the resource has %v", about)
	}
	for _, span := range c.Spans() {
		if strings.Contains(span.Name, "readyz") || strings.Contains(span.Name, "?") {
			t.Errorf("there is a span %s", span.Name)
		}
	}
}

// Nothing is sent where it is not asked for, metrics keep their format, and settings say what is the case.
func TestServeSendsNoTraces(t *testing.T) {
	t.Parallel()
	c := tracingtest.Start(t, nil)
	for _, env := range []environ{nil, {"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL, "OTEL_SDK_DISABLED": "true"}} {
		r := start(t, env, "serve", "--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0")
		metrics := r.err.await(t, `metrics are served.* at=(\S+)`)[1]
		visit(t, r.origin(t)).get("/userlog/login")
		if told := openMetrics(t, metrics); strings.Contains(told, "trace_id") || strings.Contains(told, "# EOF") || !strings.Contains(told, `le="1"`) {
			t.Errorf("the metrics are\n%s", told)
		}
		r.end(t)
		if log := r.err.String(); strings.Contains(log, "traces") {
			t.Errorf("the log has\n%s", log)
		}
		if done := do(t, env, "", "config"); strings.Contains(done.out, "traces") {
			t.Errorf("the settings are\n%s", done.out)
		}
	}
	if n := len(c.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// The settings say where traces go, without secrets. A mistake about them ends nothing.
func TestConfigTellsOfTraces(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"http://canary:canary@collector:4318?canary": "# traces are sent to http://collector:4318/v1/traces, as OTEL_EXPORTER_OTLP_ENDPOINT says in the environment\n",
		"canary:4318": "# no traces are sent: OTEL_EXPORTER_OTLP_ENDPOINT is no address such as http://localhost:4318\n",
	} {
		env := environ{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_HEADERS": "api-key=canary"}
		done := do(t, env, "", "config")
		if done.status != 0 || !strings.HasSuffix(done.out, want) || strings.Contains(done.out, "canary") {
			t.Errorf("%s: status %d, %s", endpoint, done.status, done.out)
		}
		if again := do(t, nil, "", "config", "--config", configFile(t, done.out)); again.status != 0 {
			t.Errorf("what it prints is no file for it: %s", again.err)
		}
	}
	r := start(t, environ{"OTEL_EXPORTER_OTLP_ENDPOINT": "canary:4318"}, "serve", "--addr", "127.0.0.1:0")
	r.err.await(t, `level=WARN msg="no traces are sent" err="OTEL_EXPORTER_OTLP_ENDPOINT is no address`)
	if p := visit(t, r.origin(t)).get("/userlog/login"); p.status != http.StatusOK {
		t.Errorf("the login: status %d", p.status)
	}
}

// A collector that hangs does not keep the program from ending.
func TestServeEndsWithoutItsCollector(t *testing.T) {
	t.Parallel()
	released := make(chan struct{})
	c := tracingtest.Start(t, func(http.ResponseWriter, *http.Request) { <-released })
	defer close(released)
	r := start(t, environ{"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL}, "serve", "--addr", "127.0.0.1:0")
	if p := visit(t, r.origin(t)).get("/userlog/login"); p.status != http.StatusOK {
		t.Errorf("the login: status %d", p.status)
	}
	r.end(t)
	r.err.await(t, "traces can't be sent")
}
