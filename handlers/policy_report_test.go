package handlers_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// lines is a log that can be read while it is written.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// reporter is an admin whose log can be read.
func reporter(t *testing.T) (log *lines, send func(address string, body io.Reader, headers ...string) int) {
	t.Helper()
	log = &lines{}
	quiet := slog.New(slog.DiscardHandler)
	logs, err := store.New(redistest.Start(t).Client(t), store.Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	assets, err := files()
	if err != nil {
		t.Fatal(err)
	}
	set, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	admin := handlers.NewWith(logs, handlers.Options{Logger: slog.New(slog.NewTextHandler(log, nil))}, assets, set, 0)
	engine := gin.New()
	admin.Mount(engine.Group(base))
	t.Cleanup(func() {
		if err := admin.Close(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
		_ = logs.Close(t.Context())
	})
	return log, func(address string, body io.Reader, headers ...string) int {
		r := httptest.NewRequest(http.MethodPost, base+"/policy-report", body)
		r.RemoteAddr = address
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, r)
		return w.Code
	}
}

const aReport = `{"csp-report":{"effective-directive":"img-src","document-uri":"https://a.example/userlog/static?username=ada","blocked-uri":"https://user:secret@b.example/x.png?token=1#f","source-file":"https://a.example/app.js?v=1","line-number":7}}`

func TestReportsAreLogged(t *testing.T) {
	t.Parallel()
	log, send := reporter(t)
	if status := send("192.0.2.1:1", strings.NewReader(aReport)); status != http.StatusNoContent {
		t.Errorf("a report: %d", status)
	}
	want := `directive=img-src page=/userlog/static blocked=https://b.example/x.png source=https://a.example/app.js line=7 address=192.0.2.1 not_read=0`
	if got := log.String(); !strings.Contains(got, want) {
		t.Errorf("logged: %s", got)
	}
	for what, c := range map[string]struct {
		body    string
		headers []string
		want    int
	}{
		"not JSON":       {"x", nil, http.StatusBadRequest},
		"another object": {`{"a":1}`, nil, http.StatusBadRequest},
		"a list":         {`[1]`, nil, http.StatusBadRequest},
		"too large":      {strings.Repeat(" ", 17<<10) + aReport, nil, http.StatusRequestEntityTooLarge},
		"another site":   {aReport, []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
	} {
		if status := send("192.0.2.2:1", strings.NewReader(c.body), c.headers...); status != c.want {
			t.Errorf("%s: %d, want %d", what, status, c.want)
		}
	}
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("%d lines were logged:\n%s", n, log)
	}
}

func TestReportsOfStrangersAreHarmless(t *testing.T) {
	t.Parallel()
	log, send := reporter(t)
	hostile := "\\u001b[2J\\nlevel=ERROR msg=forged \\u202e" + strings.Repeat("x", 2000)
	body := fmt.Sprintf(`{"csp-report":{"violated-directive":%q,"document-uri":"data:text/html,%[1]s","blocked-uri":"javascript:secret%[1]s","source-file":"%[1]s"}}`, "D")
	body = strings.ReplaceAll(body, "D", hostile)
	if status := send("192.0.2.1:1", strings.NewReader(body)); status != http.StatusNoContent {
		t.Fatalf("a report: %d", status)
	}
	got := log.String()
	if strings.Count(got, "\n") != 1 || strings.ContainsAny(got, "\x1b\u202e") || len(got) > 2000 || strings.Contains(got, "secret") {
		t.Errorf("logged %d bytes: %q", len(got), got)
	}
}

func TestReportsAreLimited(t *testing.T) {
	t.Parallel()
	log, send := reporter(t)
	for n := range 1000 {
		send(fmt.Sprintf("[2001:db8:0:1::%x]:1", n), strings.NewReader(aReport)) // one customer's
	}
	if n := strings.Count(log.String(), "\n"); n != 10 {
		t.Errorf("of one network, %d were logged", n)
	}
	if status := send("192.0.2.1:1", strings.NewReader(aReport)); status != http.StatusNoContent || !strings.Contains(log.String(), "not_read=990") {
		t.Errorf("another address: %d; logged: %s", status, log)
	}
	for n := range 1000 {
		send(fmt.Sprintf("198.51.%d.%d:1", n/250, n%250), strings.NewReader(aReport))
	}
	if n := strings.Count(log.String(), "\n"); n != 60 {
		t.Errorf("of all together, %d were logged", n)
	}
}
