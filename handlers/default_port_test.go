package handlers_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// The port that a scheme has by default is as good as none. Some proxies write it into Host, and browsers
// leave it away in Origin: for sockets and, where they don't say Sec-Fetch-Site, for forms.
func TestDefaultPortsAreEqual(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{Identify: hostLogin, AllowedOrigins: []string{"https://pages.example:443"}})
	for _, c := range []struct {
		host, origin string
		own          bool
	}{
		{"shop.example", "https://shop.example", true},
		{"shop.example:443", "https://shop.example", true},
		{"SHOP.example:443", "https://shop.example", true},
		{"shop.example", "https://shop.example:443", true},
		{"shop.example:80", "http://shop.example", true},
		{"shop.example", "http://shop.example:80", true},
		{"[2001:db8::1]:443", "https://[2001:db8::1]", true},
		{"shop.example:8443", "https://shop.example:8443", true},

		{"shop.example:8443", "https://shop.example", false},
		{"shop.example", "https://shop.example:8443", false},
		{"shop.example:80", "https://shop.example", false},
		{"shop.example:443", "http://shop.example", false},
		{"shop.example:443", "https://evil.example", false},
		{"shop.example:443", "https://shop.example.evil.example", false},
		{"shop.example:443", "https://evil.example:443", false},
		{"shop.example:443", "null", false},
		{":443", "https://", false},
	} {
		socket := httptest.NewRequest(http.MethodGet, base+"/live/socket?username=ada", nil)
		socket.Header.Set("Upgrade", "websocket")
		form := httptest.NewRequest(http.MethodPost, base+"/theme", strings.NewReader("theme=dark"))
		form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for what, r := range map[string]*http.Request{"a socket": socket, "a form": form} {
			r.Host = c.host
			r.Header.Set("Origin", c.origin)
			r.Header.Set("X-Host-User", root)
			w := httptest.NewRecorder()
			s.engine.ServeHTTP(w, r)
			// Nobody can upgrade a recorder: the attempt is answered with another status.
			if refused := w.Code == http.StatusForbidden; refused == c.own {
				t.Errorf("%s to %s from %s: %d", what, c.host, c.origin, w.Code)
			}
		}
	}
	if _, response := s.stranger().dial(base+"/live/socket?username=ada", "Origin", "https://pages.example", "X-Host-User", root); response.StatusCode != http.StatusSwitchingProtocols {
		t.Errorf("from an origin that is allowed with its port: %d", response.StatusCode)
	}
}

// The session's cookie has one name, whether or not the default port is named.
func TestDefaultPortsShareALogin(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	cookie := "__Host-userlog+userlog=" + s.superuser().session()
	for host, want := range map[string]int{"shop.example": 200, "shop.example:443": 200, "shop.example:80": 200, "shop.example:8443": 303} {
		r := httptest.NewRequest(http.MethodGet, base+"/", nil)
		r.Host, r.TLS = host, &tls.ConnectionState{}
		r.Header.Set("Cookie", cookie)
		w := httptest.NewRecorder()
		if s.engine.ServeHTTP(w, r); w.Code != want {
			t.Errorf("%s answers %d, want %d", host, w.Code, want)
		}
	}
}
