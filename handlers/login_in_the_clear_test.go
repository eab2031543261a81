package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// Nobody logs in over a network in the clear, and a proxy that ends TLS need not say so.
func TestLoginInTheClearIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	s.createSuperuser()
	logIn := func(host, origin string) *http.Response {
		form := url.Values{"username": {root}, "password": {password}}.Encode()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.server.URL+base+"/login", strings.NewReader(form))
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		r.Header.Set("Origin", origin)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response
	}
	if a := logIn("admin.example.com", "http://admin.example.com"); a.StatusCode != http.StatusForbidden || len(a.Cookies()) != 0 {
		t.Errorf("in the clear: %d, %v", a.StatusCode, a.Cookies())
	}
	a := logIn("admin.example.com", "https://admin.example.com")
	if a.StatusCode != http.StatusSeeOther || len(a.Cookies()) != 2 || a.Cookies()[0].Name != "__Host-userlog+userlog" || !a.Cookies()[0].Secure {
		t.Errorf("behind a proxy that speaks https: %d, %v", a.StatusCode, a.Cookies())
	}
	if a := logIn("localhost:8080", "http://localhost:8080"); a.StatusCode != http.StatusSeeOther || a.Cookies()[0].Name != "userlog+userlog!8080" {
		t.Errorf("on this machine: %d, %v", a.StatusCode, a.Cookies())
	}
}
