package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// Every kind of server brings a burst to every viewer, and nobody else's.
func TestBroadcastersReachTheirViewers(t *testing.T) {
	for kind, formats := range map[string][]string{kindUserlog: {"", "json"}, kindLoop: {""}, kindCentrifuge: {""}} {
		for _, format := range formats {
			t.Run(strings.TrimSpace(kind+" "+format), func(t *testing.T) {
				b, err := newBroadcaster(kind, redistest.Start(t).URL)
				if err != nil {
					t.Fatal(err)
				}
				mux := http.NewServeMux()
				mux.Handle("/", b)
				mux.HandleFunc("/load", func(w http.ResponseWriter, r *http.Request) { serveLoad(w, r, b) })
				server := httptest.NewServer(mux)
				defer server.Close()
				defer func() {
					ctx, cancel := context.WithTimeout(context.Background(), patience)
					defer cancel()
					if err := b.close(ctx); err != nil {
						t.Error(err)
					}
				}()
				s := &liveServer{process: &process{address: strings.TrimPrefix(server.URL, "http://")}, kind: kind}
				if _, err := s.load(t.Context(), burst{Users: 3, Rate: 3000, For: time.Millisecond}); err != nil {
					t.Fatal(err)
				}
				var viewers audience
				defer viewers.leave()
				if err := viewers.join(t.Context(), s, watching(6, 3, format)); err != nil {
					t.Fatal(err)
				}
				r, err := s.load(t.Context(), burst{Users: 3, Rate: 600, For: 100 * time.Millisecond})
				if err != nil {
					t.Fatal(err)
				}
				if got := viewers.tally(r); !got.right() || len(got.delays) != 6*20 || r.PerUser != 20 {
					t.Errorf("%s, %d seen of %d each", got.wrong(), len(got.delays), r.PerUser)
				}
			})
		}
	}
}

func TestWrongKindsAndBurstsAreRefused(t *testing.T) {
	if _, err := newBroadcaster("pigeon", ""); err == nil || !strings.Contains(err.Error(), `"pigeon"`) {
		t.Errorf("a wrong kind: %v", err)
	}
	for _, wire := range []string{"", "{}", `{"Users":-1}`} {
		w := httptest.NewRecorder()
		serveLoad(w, httptest.NewRequest(http.MethodGet, "/load?"+url.Values{"burst": {wire}}.Encode(), nil), newLoop())
		if w.Code != http.StatusBadRequest {
			t.Errorf("burst %q: %d", wire, w.Code)
		}
	}
}

// Sockets are counted from the upgrade until they are closed; other connections are not.
func TestSocketsAreCounted(t *testing.T) {
	l := newLoop()
	server := httptest.NewUnstartedServer(l)
	counter := &socketCounter{Listener: server.Listener}
	server.Listener = counter
	server.Config.ConnState = counter.note
	server.Start()
	defer server.Close()
	s := &liveServer{process: &process{address: strings.TrimPrefix(server.URL, "http://")}, kind: kindLoop}
	var viewers audience
	if err := viewers.join(t.Context(), s, watching(3, 1, "")); err != nil {
		t.Fatal(err)
	}
	if n := counter.open.Load(); n != 3 {
		t.Errorf("%d are open", n)
	}
	w := httptest.NewRecorder()
	serveUsage(w, httptest.NewRequest(http.MethodGet, "/usage?free=1", nil), counter)
	var u usage
	if err := json.NewDecoder(w.Body).Decode(&u); err != nil || u.Sockets != 3 || u.Memory < 1<<20 || u.Goroutines < 3 {
		t.Errorf("uses %+v, %v", u, err)
	}
	viewers.leave()
	for deadline := time.Now().Add(patience); counter.open.Load() != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d are open", counter.open.Load())
		}
	}
}
