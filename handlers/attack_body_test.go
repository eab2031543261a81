package handlers_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// sendSlowly begins a request whose body never ends, and returns its connection.
func (s *site) sendSlowly(request string, headers ...string) net.Conn {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.server.Listener.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		s.t.Fatal(err)
	}
	_, err = fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n\r\n7\r\nlang=fr", request, strings.Join(headers, "\r\n"))
	if err != nil {
		s.t.Fatal(err)
	}
	return conn
}

// awaitCutOff wants the connection to end because the body is late.
func (s *site) awaitCutOff(conn net.Conn) {
	s.t.Helper()
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		s.t.Error(err)
		return
	}
	defer answer.Body.Close()
	if text, err := io.ReadAll(answer.Body); answer.StatusCode != http.StatusRequestTimeout || err != nil {
		s.t.Errorf("answered %d, %q, %v", answer.StatusCode, text, err)
	}
	if rest, err := io.ReadAll(conn); err != nil {
		s.t.Errorf("the connection goes on: %q, %v", rest, err)
	}
}

// A body that does not arrive ends the request, in whatever server the admin is mounted: httptest's has no
// limits of its own.
func TestSlowBodyIsCutOff(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	s.admin.SetBodyTimeout(50 * time.Millisecond)
	const form, length, chunked = "Content-Type: application/x-www-form-urlencoded", "Content-Length: 1000", "Transfer-Encoding: chunked"
	for _, c := range []struct {
		request string
		headers []string
	}{
		{"POST " + base + "/language", []string{form, length}},
		{"POST " + base + "/language", []string{form, chunked}},
		{"POST " + base + "/login", []string{"Content-Type: multipart/form-data; boundary=7", length}},
		{"POST " + base + "/logout", []string{"Content-Type: application/json", length}},
		{"GET " + base + "/login", []string{length}},
		{"GET " + base + "/live/socket?username=ada", []string{chunked, "Connection: Upgrade", "Upgrade: websocket"}},
	} {
		t.Run(c.request+" "+strings.Join(c.headers, " "), func(t *testing.T) {
			s.awaitCutOff(s.sendSlowly(c.request, c.headers...))
		})
	}
	t.Run("from another site", func(t *testing.T) {
		conn := s.sendSlowly("POST "+base+"/language", form, length, "Origin: https://evil.example")
		if text, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(text), "HTTP/1.1 403 ") {
			t.Errorf("%.20s, %v", text, err)
		}
	})
	t.Run("HTTP/2", func(t *testing.T) {
		server := httptest.NewUnstartedServer(s.engine)
		server.EnableHTTP2 = true
		server.StartTLS()
		defer server.Close()
		slow, never := io.Pipe()
		defer never.Close()
		answer, err := server.Client().Post(server.URL+base+"/language", "application/x-www-form-urlencoded", slow)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if answer.ProtoMajor != 2 || answer.StatusCode != http.StatusRequestTimeout {
			t.Errorf("%s %d", answer.Proto, answer.StatusCode)
		}
	})
}

// Once the body is there, neither its handler nor a socket is hurried.
func TestOnlyBodiesAreHurried(t *testing.T) {
	t.Parallel()
	begun, proceed := make(chan struct{}, 1), make(chan error, 1)
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{Identify: func(c *gin.Context) (string, auth.Role) {
		if c.Request.Method == http.MethodPost {
			begun <- struct{}{}
			<-proceed
			proceed <- c.Request.Context().Err()
		}
		return root, auth.Superuser
	}})
	s.admin.SetBodyTimeout(200 * time.Millisecond)
	conn, response := s.stranger().dial(base + "/live/socket?username=ada&format=json")
	if conn == nil {
		t.Fatalf("no socket: %d", response.StatusCode)
	}
	answered := make(chan *answer, 1)
	b := s.stranger()
	go func() { answered <- b.post(base+"/account/token", url.Values{"label": {"ci"}}) }()
	<-begun
	// A slower client is cut off by now.
	s.awaitCutOff(s.sendSlowly("POST "+base+"/language", "Content-Length: 1000"))
	proceed <- nil
	if a := <-answered; a.StatusCode != http.StatusUnprocessableEntity { // there is no such account
		t.Errorf("a handler that takes its time: %d", a.StatusCode)
	}
	if err := <-proceed; err != nil {
		t.Errorf("its request: %v", err)
	}
	s.record("ada", "/still-here")
	if got := readPath(t, conn); got != "/still-here" {
		t.Errorf("the socket reads %q", got)
	}
}
