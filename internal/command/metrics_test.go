//go:build unix

package command_test

import (
	"flag"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// scrape reads what is served at a path beside the admin.
func scrape(t *testing.T, url string, header ...string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		request.Host = header[0]
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

// One scrape shows the program, the admin, the way to Redis, and all applications.
func TestMetrics(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	application := openStore(t, server.URL, store.Options{Application: "shop", Version: "1.2"})
	application.Record(store.Entry{Username: "a\x00"})
	record(application, "ada", "/orders/7")
	awaitWritten(t, application, 1)
	r := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0", "--redis", server.URL, "--superuser", "root", "--superuser-password-file", passwordFile(t),
		"--webhook-file", destinations(t, "[team]", `url = "http://127.0.0.1:1/"`, `secret = "`+webhookSecret+`"`), "--admin-url", "https://support.example.com/userlog/")
	metrics := r.err.await(t, `metrics are served.* at=(\S+)`)[1]
	r.err.await(t, "has been created")
	v := visit(t, r.origin(t))
	v.logIn("/userlog", "root", "a wrong password")
	v.logIn("/userlog", "root", password)
	v.get("/userlog/static?username=ada")
	v.get("/userlog/nowhere/" + strings.Repeat("x", 100))
	redistest.Eventually(t, "the application has reported", func() bool {
		application.Announce()
		_, body := scrape(t, metrics)
		return strings.Contains(body, "userlog_application_up{")
	})
	status, body := scrape(t, metrics)
	if status != http.StatusOK {
		t.Fatalf("status %d: %s", status, body)
	}
	for _, want := range []string{
		`userlog_http_request_seconds_count{code="200",method="GET",route="/userlog/static"} 1`,
		`userlog_http_request_seconds_count{code="422",method="POST",route="/userlog/login"} 1`,
		`userlog_http_request_seconds_count{code="404",method="GET",route=""} 1`,
		`userlog_audit_records_total{action="login"} 1`,
		`userlog_audit_records_total{action="login-failed"} 1`,
		`userlog_audit_records_total{action="view"} 1`,
		`userlog_audit_failures_total 0`,
		`userlog_live_sockets 0`,
		`userlog_feed_logs_followed 0`,
		`userlog_redis_seconds_count{kind="command"} [1-9]`,
		`userlog_applications_known 1`,
		`userlog_application_up{application="shop",host="[^"]+",process="\w+"} 1`,
		`userlog_application_info{application="shop",host="[^"]+",process="\w+",version="1.2"} 1`,
		`userlog_application_entries_written_total{application="shop",host="[^"]+",process="\w+"} 1`,
		`userlog_application_entries_dropped_total{application="shop",host="[^"]+",process="\w+",reason="invalid_username"} 1`,
		`go_goroutines [1-9]`,
		`process_resident_memory_bytes [1-9]`,
	} {
		if !regexp.MustCompile(`(?m)^` + want).MatchString(body) {
			t.Errorf("there is no %s", want)
		}
	}
	if problems, err := promlint.New(strings.NewReader(body)).Lint(); err != nil || len(problems) > 0 {
		t.Errorf("as Prometheus would have it: %v, %v", problems, err)
	}
	server.Kill()
	v.get("/readyz")
	_, after := scrape(t, metrics)
	if !strings.Contains(after, "userlog_applications_known 0") || !strings.Contains(after, `userlog_redis_faults_total{fault="unreachable"}`) {
		t.Errorf("without Redis:\n%s", after)
	}
	compareWithRecorded(t, body, after)
	if t.Failed() {
		t.Log(body)
	}
}

// recordMetrics is -args -metrics: the series are written down that alarms and the dashboard are tested with.
var recordMetrics = flag.Bool("metrics", false, "write "+recordedMetrics+" anew")

const recordedMetrics = "../../test/monitoring/testdata/metrics.txt"

// compareWithRecorded compares which series there are, by name and labels, with those that alarms and the dashboard are tested with.
func compareWithRecorded(t *testing.T, scrapes ...string) {
	t.Helper()
	series := regexp.MustCompile(`(?m)^(?:userlog_|process_resident_memory_bytes).* \S+$`)
	told := make(map[string]string) // by the series, without its value
	for _, line := range series.FindAllString(strings.Join(scrapes, "\n"), -1) {
		line = regexp.MustCompile(`host="[^"]+"`).ReplaceAllString(line, `host="web-1"`)
		if name := line[:strings.LastIndexByte(line, ' ')]; told[name] == "" {
			told[name] = line
		}
	}
	lines := slices.Sorted(maps.Values(told))
	if *recordMetrics {
		if err := os.WriteFile(recordedMetrics, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(recordedMetrics)
	if err != nil {
		t.Fatal(err)
	}
	kinds := func(text string) []string {
		values := regexp.MustCompile(`"[^"]*"| \S+$`)
		var all []string
		for _, line := range series.FindAllString(text, -1) {
			all = append(all, values.ReplaceAllString(line, ""))
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	if got, want := kinds(strings.Join(lines, "\n")), kinds(string(content)); !slices.Equal(got, want) {
		t.Errorf("the metrics are\n%s\nand alarms and the dashboard are tested with\n%s\nWrite them down: go test -run 'TestMetrics$' ./internal/command -args -metrics", got, want)
	}
}

// Profiles are beside the metrics, the command line is not, and nothing of it is on the public port.
func TestMetricsAreBesideTheAdmin(t *testing.T) {
	t.Parallel()
	r := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0")
	aside := strings.TrimSuffix(r.err.await(t, `metrics are served.* at=(\S+)`)[1], "/metrics")
	for url, want := range map[string]int{
		aside + "/debug/pprof/heap":       http.StatusOK,
		aside + "/debug/pprof/cmdline":    http.StatusNotFound,
		aside + "/userlog/":               http.StatusNotFound,
		r.origin(t) + "/metrics":          http.StatusNotFound,
		r.origin(t) + "/debug/pprof/heap": http.StatusNotFound,
	} {
		if status, _ := scrape(t, url); status != want {
			t.Errorf("%s: status %d, want %d", url, status, want)
		}
	}
	if status, _ := scrape(t, aside+"/metrics", "rebound.example"); status != http.StatusMisdirectedRequest {
		t.Errorf("by the name of another site: status %d", status)
	}
	taken := strings.TrimPrefix(aside, "http://")
	if done := do(t, nil, "", "serve", "--addr", "127.0.0.1:0", "--metrics-addr", taken); done.status != 1 || !strings.Contains(done.err, "choose another address with --metrics-addr or USERLOG_METRICS_ADDR") {
		t.Errorf("an address that is taken: status %d, %s", done.status, done.err)
	}
}

// A page of another site has a browser beside the program take no profile.
func TestMetricsAreForNoOtherSite(t *testing.T) {
	t.Parallel()
	r := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0")
	metrics := r.err.await(t, `metrics are served.* at=(\S+)`)[1]
	for _, c := range []struct {
		from, click string
		want        int
	}{{"cross-site", "", 403}, {"same-site", "", 403}, {"cross-site", "?1", 200}, {"none", "", 200}, {"", "", 200}} {
		for _, path := range []string{"/metrics", "/debug/pprof/trace?seconds=0.01"} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimSuffix(metrics, "/metrics")+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Sec-Fetch-Site", c.from)
			request.Header.Set("Sec-Fetch-User", c.click)
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != c.want || response.Header.Get("Cross-Origin-Resource-Policy") != "same-origin" {
				t.Errorf("%s from %q: %d, want %d", path, c.from, response.StatusCode, c.want)
			}
		}
	}
}
