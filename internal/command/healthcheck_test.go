//go:build unix

package command_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	certificate := newPair(t)
	plain := start(t, environ{"USERLOG_REDIS": server.URL}, "serve", "--addr", ":0")
	secure := start(t, environ{"USERLOG_REDIS": server.URL}, "serve", "--addr", "127.0.0.1:0", "--tls-cert", certificate.cert, "--tls-key", certificate.key)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(plain.origin(t), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	everywhere := environ{"USERLOG_ADDR": ":" + port} // as serve is told
	byHTTPS := environ{"USERLOG_ADDR": strings.TrimPrefix(secure.origin(t), "https://"), "USERLOG_TLS_CERT": certificate.cert}
	check := func(env environ, status int, want string, args ...string) {
		t.Helper()
		redistest.Eventually(t, "the health check says "+want, func() bool {
			r := do(t, env, "", append([]string{"healthcheck"}, args...)...)
			return r.status == status && strings.Contains(r.out+r.err, want)
		})
	}
	check(everywhere, 0, "ready\n")
	check(environ{}, 0, "ready\n", "--addr", "[::]:"+port)
	check(byHTTPS, 0, "ready\n")
	credentials := t.TempDir() // as systemd gives them to the service, and to what it runs beside it
	if err := os.Symlink(certificate.cert, filepath.Join(credentials, "tls-cert")); err != nil {
		t.Fatal(err)
	}
	check(environ{"USERLOG_ADDR": byHTTPS["USERLOG_ADDR"], "CREDENTIALS_DIRECTORY": credentials}, 0, "ready\n")
	bySocket := environ{"USERLOG_REDIS": server.URL, "USERLOG_ADDR": "unix:" + filepath.Join(server.Dir, "serve.sock")}
	start(t, bySocket, "serve")
	check(bySocket, 0, "ready\n")
	server.Kill()
	check(everywhere, 1, "userlog: ")
	check(everywhere, 0, "ok\n", "--alive")
	check(byHTTPS, 0, "ok\n", "--alive")
	plain.end(t)
	check(everywhere, 1, "userlog: no answer: ", "--alive")
	check(environ{"USERLOG_ADDR": "8080"}, 2, "use host:port")
}

// Another program may have the port. What it answers is no instruction.
func TestHealthcheckOfAnotherProgram(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); io.WriteString(w, "ready") }))
	defer elsewhere.Close()
	leads := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", elsewhere.URL)
		w.WriteHeader(http.StatusFound)
	}))
	defer leads.Close()
	done := do(t, nil, "", "healthcheck", "--addr", strings.TrimPrefix(leads.URL, "http://"))
	if done.status != 1 || !strings.Contains(done.err, "302 Found") || asked.Load() > 0 {
		t.Errorf("status %d, %s%s; %d questions elsewhere", done.status, done.out, done.err, asked.Load())
	}
}
