package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// injected would add a line to a log, and change the terminal of who reads it: as it stands in a URL,
// and in a header.
const (
	injectedInURL    = "%0a[ERROR]%20all%20is%20lost%1b[2J%c2%9b31m%e2%80%ae%0d"
	injectedInHeader = "[ERROR] all is lost \u202e\u009b31m"
)

// What strangers send reaches the terminal, and the file that it is redirected to, as text of one
// line, if at all: also while every page fails.
func TestNothingIsInjectedIntoTheProgramsLog(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			redis := redistest.Start(t)
			site := serve(t, redis, "--log-format", format, "--log-level", "debug", "--trusted-proxies", "127.0.0.1")
			redis.Kill()
			for _, path := range []string{"/", "/static", "/live", "/live/socket", "/users", "/audit", "/login", "/accounts", "/api/log", "/nothing" + injectedInURL} {
				for _, request := range []string{
					"GET /userlog" + path + "?username=" + injectedInURL + "&q=" + injectedInURL + " HTTP/1.1\r\nHost: localhost\r\nCookie: userlog+userlog=" + strings.Repeat("A", 43) +
						"\r\nUser-Agent: " + injectedInHeader + "\r\nX-Forwarded-For: " + injectedInHeader + "\r\nConnection: close\r\n\r\n",
					"GET /userlog" + path + " HTTP/1.1\r\nHost: \x1b[2J\r\nX: \x1b[2J\r\n[ERROR]: \x1b[2J\r\n\r\n",
					"[ERROR] \x1b[2J " + path + "\r\n\r\n",
				} {
					exchange(t, site, request)
				}
			}
			var logged string
			redistest.Eventually(t, "more than one line is logged, as what is alike is logged once", func() bool {
				logged = site.errors()
				return strings.Contains(logged, "\n")
			})
			for line := range strings.Lines(logged) {
				if !strings.HasPrefix(line, "time=") && !strings.HasPrefix(line, `{"time":`) {
					t.Errorf("a line that is none of ours: %q", line)
				}
			}
			if strings.ContainsAny(logged, "\x1b\u009b\u202e\r") {
				t.Errorf("the log has what a terminal obeys: %q", logged)
			}
		})
	}
}

// What libraries print by themselves is a line of the program's log, as its own are: net/http quotes a server that answers more than it was asked.
func TestWhatLibrariesPrintIsInTheProgramsLog(t *testing.T) {
	t.Parallel()
	host, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	answering := make(chan struct{})
	go func() {
		defer close(answering)
		answerTooMuch(host)
	}()
	t.Cleanup(func() {
		host.Close()
		<-answering
	})
	site := serve(t, redistest.Start(t), "--log-format", "json", "--directory-url", "http://"+host.Addr().String())
	b := site.enter(t)
	redistest.Eventually(t, "the host's second answer is logged", func() bool {
		b.visit("/users?q=ada") // if the host was slow, it is asked again some seconds later
		return strings.Contains(site.errors(), "all is lost")
	})
	for line := range strings.Lines(site.errors()) {
		if !strings.HasPrefix(line, `{"time":`) || strings.ContainsAny(line, "\x1b\u009b\u202e\r") {
			t.Errorf("a line that is none of ours: %q", line)
		}
	}
}

// answerTooMuch answers one request of each connection, and goes on.
func answerTooMuch(host net.Listener) {
	for {
		conn, err := host.Accept()
		if err != nil {
			return
		}
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"people\":[]}"+injectedInHeader+"\r\n")
		}
		conn.Close()
	}
}

// exchange sends a request as it is, well formed or not, and reads to the end of what comes back.
func exchange(t *testing.T, site *program, request string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(site.origin, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprint(conn, request); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Fatalf("%q: %v", request, err)
	}
}
