package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestLoadOfTheHost(t *testing.T) {
	server := httptest.NewServer(newHost(nil, 0))
	defer server.Close()
	l := load{rate: 1000, duration: 200 * time.Millisecond}
	started := time.Now()
	latencies, err := l.run(t.Context(), server.Listener.Addr().String())
	if err != nil || len(latencies) != l.requests() {
		t.Fatalf("got %d latencies, %v, want %d", len(latencies), err, l.requests())
	}
	if took := time.Since(started); took < 150*time.Millisecond {
		t.Errorf("%d requests at %d/s were sent within %v", l.requests(), l.rate, took)
	}
}

func TestLoadNoticesWhatIsChanged(t *testing.T) {
	for name, change := range map[string]http.HandlerFunc{
		"status": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusAccepted)
			io.WriteString(w, "Order "+strings.TrimPrefix(r.URL.Path, "/orders/"))
		},
		"body": func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, strings.Repeat("x", 2000))
		},
		"nothing": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(change)
			defer server.Close()
			l := load{rate: 1000, duration: 50 * time.Millisecond}
			if _, err := l.run(t.Context(), server.Listener.Addr().String()); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestLoadSeesAStallInAllThatItDelays(t *testing.T) {
	const stall = 200 * time.Millisecond
	var asked atomic.Bool
	host := newHost(nil, 0)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/orders/3" && !asked.Swap(true) {
			time.Sleep(stall)
		}
		host.ServeHTTP(w, r)
	}))
	defer server.Close()
	// Every connection asks every 16 ms: about twelve requests of order 3 are due during the stall.
	latencies, err := load{rate: 1000, duration: 500 * time.Millisecond}.run(t.Context(), server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	late := 0
	for _, latency := range latencies {
		if latency > stall/4 {
			late++
		}
	}
	if late < 5 {
		t.Errorf("%d requests were late, want all that one connection had to send meanwhile", late)
	}
}
