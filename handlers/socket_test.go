package handlers_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// readPath waits for a JSON message and returns its path.
func readPath(t *testing.T, conn *websocket.Conn) string {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	var message struct{ Type, Path string }
	if err := conn.ReadJSON(&message); err != nil {
		t.Fatal(err)
	}
	return message.Path
}

func TestASuperuserWatches(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		b := s.superuser()
		s.record("ada", "/first")
		conn, response := b.dial(base + "/live/socket?format=json&username=ada")
		if conn == nil {
			t.Fatalf("no socket: %d", response.StatusCode)
		}
		if got := readPath(t, conn); got != "/first" {
			t.Errorf("the backlog is %q", got)
		}
		s.record("ada", "/second")
		if got := readPath(t, conn); got != "/second" {
			t.Errorf("then comes %q", got)
		}
		everyone, response := b.dial(base + "/live/socket?format=json&everyone=1")
		if everyone == nil {
			t.Fatalf("no socket: %d", response.StatusCode)
		}
		if got := readPath(t, everyone); got != "/first" {
			t.Errorf("everyone's backlog begins with %q", got)
		}
	})
}

// The page's own socket speaks the page's language, and its links follow the prefix.
func TestThePagesSocket(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	s.record("ada", "/first")
	connect := b.get(base+"/live/everyone?show=", "Accept-Language", "fr").find("#live").AttrOr("hx-ws:connect", "")
	conn, response := b.dial(connect, "Accept-Language", "en")
	if conn == nil {
		t.Fatalf("no socket at %q: %d", connect, response.StatusCode)
	}
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	_, frame, err := conn.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	a := &answer{t: t, body: "<table>" + strings.NewReplacer("<hx-partial", "<template", "</hx-partial", "</template").Replace(string(frame))}
	if got := a.find("td.user a").AttrOr("href", ""); got != base+"/live?username=ada" {
		t.Errorf("the user's link is %q", got)
	}
	if got := a.text("td.what .type"); got != "Lecture (GET)" {
		t.Errorf("the type is %q", got)
	}
}

func TestSocketsAskTheOrigin(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{AllowedOrigins: []string{"https://admin.example.com"}})
	b := s.superuser()
	for origin, want := range map[string]int{
		"":                                 101,
		s.server.URL:                       101,
		"https://admin.example.com":        101,
		"http://admin.example.com":         403,
		"https://admin.example.com:8443":   403,
		"https://admin.example.com.evil":   403,
		"https://evil.example":             403,
		"null":                             403,
		s.server.URL + "0":                 403,
		"http://127.0.0.1":                 403,
		"https://evil.example/admin":       403,
		"http://x@" + s.server.URL[7:]:     101, // no browser sends this; the host is ours
		"%zz":                              403,
		"https://sub.admin.example.com":    403,
		"https://ADMIN.example.com.":       403,
		"file://":                          403,
		"chrome-extension://abcdefghijklm": 403,
	} {
		headers := []string{"Origin", origin}
		if origin == "" {
			headers = nil
		}
		if _, response := b.dial(base+"/live/socket?username=ada", headers...); response.StatusCode != want {
			t.Errorf("from %q: %d, want %d", origin, response.StatusCode, want)
		}
		// Whatever browsers say besides.
		headers = append(headers, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "websocket", "Sec-Fetch-Mode", "websocket")
		if _, response := b.dial(base+"/live/socket?username=ada", headers...); response.StatusCode != want {
			t.Errorf("from %q, as a browser: %d, want %d", origin, response.StatusCode, want)
		}
	}
}

func TestSocketsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	for query, want := range map[string]string{
		"":                              "Name either a username or everyone=1.\n",
		"?username=":                    "Name either a username or everyone=1.\n",
		"?everyone=1&show=error":        "What is shown is pages, changes or errors.\n",
		"?username=ada&everyone=1":      "Name either a username or everyone=1.\n",
		"?username=ada&everyone=0":      "Name either a username or everyone=1.\n",
		"?everyone=0":                   "Name either a username or everyone=1.\n",
		"?everyone=1&after=%zz":         "The query can't be read: invalid URL escape \"%zz\".\n",
		"?format=json&username=ada&q=x": "Only of everyone's requests can some be chosen (show, q, app, users).\n",
		"?username=a%00b":               "There can be no user of that name.\n",
		"?username=%FF":                 "There can be no user of that name.\n",
		"?format=json&username=ada%0A":  "There can be no user of that name.\n",
	} {
		a := b.get(base+"/live/socket"+query, "Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
		if a.StatusCode != http.StatusBadRequest || a.body != want {
			t.Errorf("%q: %d %q", query, a.StatusCode, a.body)
		}
	}
	plain := b.get(base + "/live/socket?username=ada")
	if plain.StatusCode != http.StatusUpgradeRequired || plain.Header.Get("Upgrade") != "websocket" {
		t.Errorf("without an upgrade: %d", plain.StatusCode)
	}
	if err := s.admin.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if conn, response := b.dial(base + "/live/socket?username=ada"); conn != nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("after Close: %d", response.StatusCode)
	}
	// Looks can no longer be recorded.
	if a := b.get(base + "/static?username=ada"); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("after Close a log is answered with %d", a.StatusCode)
	}
}
