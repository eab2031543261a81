package middleware_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

func httpUser(r *http.Request) string { return r.Header.Get("X-User") }

func get(t *testing.T, client *http.Client, url string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-User", "ada")
	response, err := client.Do(r)
	if err != nil {
		return 0, ""
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		return response.StatusCode, ""
	}
	return response.StatusCode, string(read)
}

func TestTrackHTTPRecordsEveryKindOfRequest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file.txt")
	if err := os.WriteFile(file, []byte(strings.Repeat("file", 5000)), 0o600); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "order") })
	mux.HandleFunc("/teapot", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusTeapot)
	})
	mux.HandleFunc("/nothing", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) })
	mux.HandleFunc("/stream", func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		io.WriteString(w, "streamed")
	})
	mux.HandleFunc("/controlled", func(w http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			panic(err)
		}
	})
	mux.HandleFunc("/abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("/ignored", func(http.ResponseWriter, *http.Request) {})
	tests := []struct {
		target, route string
		code, status  int
		body          string
	}{
		{"/orders/7?page=2", "/orders/{id}", 200, 200, "order"},
		{"/teapot", "/teapot", 418, 418, ""},
		{"/nothing", "/nothing", 200, 200, ""},
		{"/file", "/file", 200, 200, strings.Repeat("file", 5000)},
		{"/stream", "/stream", 200, 200, "streamed"},
		{"/controlled", "/controlled", 200, 200, ""},
		{"/abort", "/abort", 0, 0, ""},
		{"/missing", "", 404, 404, "404 page not found\n"},
	}
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(protocol, func(t *testing.T) {
			logs := &memory{}
			track := middleware.TrackHTTP(logs, httpUser, middleware.HTTPOptions{
				Ignore:   []string{"^/ignored"},
				Annotate: func(r *http.Request, e *store.Entry) { e.Extra = map[string]string{"protocol": r.Proto} },
			})
			server := httptest.NewUnstartedServer(track(mux))
			server.Config.ErrorLog = nil
			server.EnableHTTP2 = protocol == "HTTP/2.0"
			server.StartTLS()
			defer server.Close()
			get(t, server.Client(), server.URL+"/ignored")
			for n, test := range tests {
				server.Client().CloseIdleConnections() // on which the client would try an aborted request again
				status, body := get(t, server.Client(), server.URL+test.target)
				if status != test.status || body != test.body {
					t.Errorf("%s: the response became %d, %d bytes", test.target, status, len(body))
				}
				e := logs.await(t, n+1)[n] // a body may arrive before its handler returns
				if e.Username != "ada" || e.Path != test.target || e.Route != test.route || e.Code != test.code || e.Extra["protocol"] != protocol {
					t.Errorf("recorded %+v", e)
				}
			}
		})
	}
}

func TestTrackHTTPRecordsAnUpgradeWhenItHappens(t *testing.T) {
	logs := &memory{}
	closed := make(chan struct{})
	upgrader := websocket.Upgrader{}
	server := httptest.NewServer(middleware.TrackHTTP(logs, httpUser, middleware.HTTPOptions{})(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer close(closed)
			conn, err := upgrader.Upgrade(w, r, nil)
			if err != nil {
				return
			}
			defer conn.Close()
			conn.WriteMessage(websocket.TextMessage, []byte("open"))
			conn.ReadMessage()
		})))
	defer server.Close()
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), http.Header{"X-User": {"ada"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := conn.ReadMessage(); err != nil {
		t.Fatal(err)
	}
	if entries := logs.all(); len(entries) != 1 || entries[0].Code != 101 {
		t.Errorf("while the socket is open: recorded %+v", entries)
	}
	conn.Close()
	<-closed
	if entries := logs.all(); len(entries) != 1 {
		t.Errorf("after it was closed: recorded %+v", entries)
	}
}
