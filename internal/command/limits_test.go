//go:build unix

package command_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A client that sends more than a browser would is told so, and the next one is served.
func TestLimitsOfARequest(t *testing.T) {
	t.Parallel()
	origin := start(t, nil, "serve", "--addr", "127.0.0.1:0").origin(t)
	const request = "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Filler: %s\r\n\r\n"
	tests := []struct {
		name, path, filler string
		status             int
	}{
		{"ordinary", "/healthz", "x", http.StatusOK},
		{"header of 60 KB", "/healthz", strings.Repeat("x", 60_000), http.StatusOK},
		{"header of 64 KiB", "/healthz", strings.Repeat("x", 64<<10), http.StatusRequestHeaderFieldsTooLarge},
		{"header of 1 MB", "/healthz", strings.Repeat("x", 1<<20), http.StatusRequestHeaderFieldsTooLarge},
		{"path of 1 MB", "/" + strings.Repeat("x", 1<<20), "x", http.StatusRequestHeaderFieldsTooLarge},
		{"ordinary again", "/healthz", "x", http.StatusOK},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			conn := dial(t, origin)
			go fmt.Fprintf(conn, request, test.path, test.filler) // the server needn't read all of it
			answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			if answer.StatusCode != test.status {
				t.Errorf("status %d, want %d", answer.StatusCode, test.status)
			}
		})
	}
}

// A client that never ends its header is cut off after five seconds, and keeps nobody waiting.
func TestSlowHeaderIsCutOff(t *testing.T) {
	t.Parallel()
	origin := start(t, nil, "serve", "--addr", "127.0.0.1:0").origin(t)
	slow := dial(t, origin)
	if _, err := io.WriteString(slow, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "); err != nil {
		t.Fatal(err)
	}
	if p := visit(t, origin).get("/healthz"); p.status != http.StatusOK {
		t.Errorf("another client: status %d", p.status)
	}
	if _, err := io.Copy(io.Discard, slow); err != nil {
		t.Errorf("the slow client was not cut off: %v", err)
	}
}

// dial connects to a site for as long as the test takes.
func dial(t *testing.T, origin string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(origin, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}
