package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
)

func TestRequestsUnderWayFinish(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	where, err := listen(ctx, "127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	entered, release := make(chan struct{}), make(chan struct{})
	site := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-release
		io.WriteString(w, "done")
	})
	p := &program{log: slog.New(slog.DiscardHandler)}
	served, body := make(chan error, 1), make(chan string, 1)
	go func() { served <- p.serve(ctx, where, site) }()
	go func() { body <- fetch(t, where.origin()) }()

	<-entered
	stop()
	for accepts(where.Addr().String()) {
	}
	close(release)
	if got := <-body; got != "done" {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
}

// A body that nobody reads ends like one that is read: the connection does not wait for it for ever.
func TestSlowBodyIsCutOff(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	where, err := listen(ctx, "127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &program{log: slog.New(slog.DiscardHandler), bodyTimeout: 50 * time.Millisecond}
	served := make(chan error, 1)
	go func() {
		served <- p.serve(ctx, where, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	}()
	for _, length := range []string{"Content-Length: 1000", "Transfer-Encoding: chunked"} {
		conn, err := net.Dial("tcp", where.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "POST /healthz HTTP/1.1\r\nHost: localhost\r\n"+length+"\r\n\r\n7\r\nlang=fr"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, conn); err != nil {
			t.Errorf("%s: the slow client was not cut off: %v", length, err)
		}
	}
	stop()
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
}

// What stands behind a body in chunks is no request of ours: a proxy that believes the length may have sent it as a part of the body.
func TestNoRequestIsHiddenInABody(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	where, err := listen(ctx, "127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &program{log: slog.New(slog.DiscardHandler), bodyTimeout: time.Minute}
	served := make(chan error, 1)
	go func() {
		served <- p.serve(ctx, where, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "path "+r.URL.Path) }))
	}()
	conn, err := net.Dial("tcp", where.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	const hidden = "0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"
	if _, err := fmt.Fprintf(conn, "POST /form HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n%s", len(hidden), hidden); err != nil {
		t.Fatal(err)
	}
	answers, err := io.ReadAll(conn)
	if got := string(answers); err != nil || !strings.Contains(got, "path /form") || strings.Contains(got, "path /hidden") {
		t.Errorf("%v: %s", err, got)
	}
	stop()
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
}

func fetch(t *testing.T, url string) string {
	res, err := http.Get(url)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return string(body)
}

// accepts says whether anybody listens.
func accepts(address string) bool {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

func TestOriginOfAllAddresses(t *testing.T) {
	t.Parallel()
	where, err := listen(t.Context(), ":0", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer where.Close()
	if got := where.origin(); !strings.HasPrefix(got, "http://localhost:") {
		t.Errorf("got %s", got)
	}
}

func TestPanicsAreLoggedWithoutSecrets(t *testing.T) {
	t.Parallel()
	gin.SetMode(gin.ReleaseMode)
	var log bytes.Buffer
	r := gin.New()
	r.Use(recovery(slog.New(slog.NewTextHandler(&log, nil)), slog.LevelError, func(c *gin.Context, _ any) {
		c.AbortWithStatus(http.StatusInternalServerError)
	}))
	r.GET("/reset/:token", func(*gin.Context) { panic("out of paper") })
	request := httptest.NewRequest(http.MethodGet, "/reset/hunter2?token=hunter2", nil)
	request.Header.Set("Cookie", "session=hunter2")
	w := httptest.NewRecorder()
	r.ServeHTTP(w, request)
	if w.Code != http.StatusInternalServerError {
		t.Errorf("status %d", w.Code)
	}
	for _, want := range []string{"out of paper", "route=/reset/:token", "server_test.go"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %q:\n%s", want, &log)
		}
	}
	if strings.Contains(log.String(), "hunter2") {
		t.Errorf("the log has the secret:\n%s", &log)
	}
}
