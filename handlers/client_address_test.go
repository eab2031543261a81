package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// Proxies write the client's address in several forms.
func TestTheClientsAddressIsRead(t *testing.T) {
	t.Parallel()
	proxies := append(testProxy, netip.MustParsePrefix("198.51.100.0/24"))
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{TrustedProxies: proxies})
	s.create("vera", auth.Viewer)
	for what, c := range map[string]struct {
		header http.Header
		want   string
	}{
		"none":                        {http.Header{}, "192.0.2.1"},
		"an address":                  {http.Header{"X-Forwarded-For": {"203.0.113.7"}}, "203.0.113.7"},
		"with a port":                 {http.Header{"X-Forwarded-For": {"203.0.113.7:4711"}}, "203.0.113.7"},
		"IPv6":                        {http.Header{"X-Forwarded-For": {"2001:db8::7"}}, "2001:db8::7"},
		"IPv6 in brackets":            {http.Header{"X-Forwarded-For": {"[2001:db8::7]"}}, "2001:db8::7"},
		"IPv6 with a port":            {http.Header{"X-Forwarded-For": {"[2001:db8::7]:4711"}}, "2001:db8::7"},
		"through two proxies":         {http.Header{"X-Forwarded-For": {"203.0.113.66, 203.0.113.7:1, 198.51.100.3:80"}}, "203.0.113.7"},
		"nonsense":                    {http.Header{"X-Forwarded-For": {"203.0.113.7, unknown"}}, "192.0.2.1"},
		"Forwarded":                   {http.Header{"Forwarded": {"for=203.0.113.7;proto=https;by=198.51.100.3"}}, "203.0.113.7"},
		"Forwarded, IPv6":             {http.Header{"Forwarded": {`For="[2001:db8::7]:4711"`}}, "2001:db8::7"},
		"Forwarded, two":              {http.Header{"Forwarded": {`for=203.0.113.66, for="203.0.113.7:4711"`, "for=198.51.100.3"}}, "203.0.113.7"},
		"Forwarded, with a quote":     {http.Header{"Forwarded": {`for=203.0.113.7;host="a,for=203.0.113.66;\","`}}, "203.0.113.7"},
		"Forwarded, hidden":           {http.Header{"Forwarded": {"for=203.0.113.66, for=_hidden"}}, "192.0.2.1"},
		"a client's Forwarded beside": {http.Header{"Forwarded": {"for=203.0.113.66"}, "X-Forwarded-For": {"203.0.113.7"}}, "203.0.113.7"},
	} {
		r := httptest.NewRequest(http.MethodPost, base+"/login", strings.NewReader(url.Values{"username": {"vera"}, "password": {password}}.Encode()))
		r.RemoteAddr, r.Header = "192.0.2.1:1234", c.header
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		s.engine.ServeHTTP(w, r)
		records := s.records()
		if got := records[len(records)-1].Address; w.Code != http.StatusSeeOther || got != c.want {
			t.Errorf("%s: %d, recorded is %q, want %q", what, w.Code, got, c.want)
		}
	}
}
