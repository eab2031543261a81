package handlers_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// here is where the tests' requests come from.
var here = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func TestTheProxysLoginIsTheAdmins(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{AuthHeader: "X-Forwarded-User", TrustedProxies: here})
		s.create("root", auth.Superuser)
		s.create("vera", auth.Viewer)
		s.create("dora", auth.Viewer)
		if err := s.accounts().Disable(t.Context(), "dora"); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			what   string
			header http.Header
			want   int
		}{
			{"nobody", http.Header{}, http.StatusForbidden},
			{"a superuser", http.Header{"X-Forwarded-User": {"root"}}, http.StatusOK},
			{"a viewer", http.Header{"X-Forwarded-User": {"vera"}}, http.StatusOK},
			{"one who is disabled", http.Header{"X-Forwarded-User": {"dora"}}, http.StatusForbidden},
			{"an unknown name", http.Header{"X-Forwarded-User": {"mallory"}}, http.StatusForbidden},
			{"no name", http.Header{"X-Forwarded-User": {""}}, http.StatusForbidden},
			{"an impossible name", http.Header{"X-Forwarded-User": {strings.Repeat("a", auth.MaxName+1)}}, http.StatusForbidden},
			{"two names", http.Header{"X-Forwarded-User": {"vera", "root"}}, http.StatusForbidden},
			{"another header", http.Header{"X-Forwarded-Users": {"root"}}, http.StatusForbidden},
		} {
			if a := s.stranger().with(c.header, base+"/"); a.StatusCode != c.want {
				t.Errorf("%s: %d, want %d", c.what, a.StatusCode, c.want)
			}
		}
		for _, route := range s.engine.Routes() {
			if strings.Contains(route.Path, "/login") || strings.Contains(route.Path, "/logout") {
				t.Errorf("there is a route %s", route.Path)
			}
		}
	})
}

func TestTheProxysUnknownNames(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{AuthHeader: "X-Forwarded-User", AuthHeaderRole: auth.Viewer, TrustedProxies: here})
	a := s.stranger().get(base+"/", "X-Forwarded-User", "newcomer")
	if a.StatusCode != http.StatusOK || !strings.Contains(a.text("header .account"), "newcomer") {
		t.Errorf("got %d, %q", a.StatusCode, a.text("header .account"))
	}
}

// Accounts need no password where the proxy has the login, though some may have one; the last superuser
// stays all the same.
func TestTheLastSuperuserOfAProxysLoginStays(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{AuthHeader: "X-Forwarded-User", TrustedProxies: here})
	s.createSuperuser()
	if _, err := s.accounts().Invite(t.Context(), "grace", auth.Superuser); err != nil {
		t.Fatal(err)
	}
	b := s.stranger()
	for _, step := range []struct {
		by, action, name string
		want             int
	}{
		{root, "disable", "grace", http.StatusSeeOther},
		{root, "disable", root, http.StatusUnprocessableEntity},
		{root, "role", root, http.StatusUnprocessableEntity},
		{root, "enable", "grace", http.StatusSeeOther},
		{root, "role", root, http.StatusSeeOther}, // grace is left
		{"grace", "disable", "grace", http.StatusUnprocessableEntity},
		{"grace", "role", "grace", http.StatusUnprocessableEntity},
	} {
		a := b.post(base+"/accounts/"+step.action, form("name", step.name, "role", "viewer", "sure", "1"), "X-Forwarded-User", step.by)
		if a.StatusCode != step.want {
			t.Errorf("%s: %s %s: %d, %q, want %d", step.by, step.action, step.name, a.StatusCode, a.text("#messages"), step.want)
		}
	}
	if account := s.account("grace"); account.Disabled || account.Role != auth.Superuser {
		t.Errorf("grace is %+v", account)
	}
}

// A header that was not sent by a trusted proxy is worth nothing.
func TestTheProxysHeaderSentByAStranger(t *testing.T) {
	t.Parallel()
	elsewhere := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{AuthHeader: "X-Forwarded-User", AuthHeaderRole: auth.Superuser, TrustedProxies: elsewhere})
	for _, forwarded := range []string{"", "192.0.2.1", "127.0.0.1, 192.0.2.1"} {
		if a := s.stranger().get(base+"/", "X-Forwarded-User", "root", "X-Forwarded-For", forwarded); a.StatusCode != http.StatusForbidden {
			t.Errorf("with X-Forwarded-For %q: %d", forwarded, a.StatusCode)
		}
	}
}

// What a client writes into X-Forwarded-For is believed from trusted proxies only, and of it only what
// they have appended.
func TestWhoseAddressIsWrittenDown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what      string
		trusted   []netip.Prefix
		forwarded []string
		want      string
	}{
		{"no proxy", nil, []string{"192.0.2.66"}, "127.0.0.1"},
		{"a proxy", here, []string{"192.0.2.66"}, "192.0.2.66"},
		{"a proxy that appends", here, []string{"203.0.113.9, 192.0.2.66"}, "192.0.2.66"},
		{"a header line of the client's own", here, []string{"203.0.113.9", "192.0.2.66"}, "192.0.2.66"},
		{"two proxies", append([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, here...), []string{"203.0.113.9, 192.0.2.66, 10.1.1.1"}, "192.0.2.66"},
		{"nonsense", here, []string{"192.0.2.66, <script>"}, "127.0.0.1"},
		{"nothing", here, nil, "127.0.0.1"},
		{"IPv6", here, []string{"2001:db8::1"}, "2001:db8::1"},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := newSite(t, redistest.Start(t).Client(t), handlers.Options{TrustedProxies: c.trusted, Identify: hostLogin})
			s.stranger().with(http.Header{"X-Forwarded-For": c.forwarded, "X-Host-User": {root}}, base+"/static?username=ada")
			if records := s.records(); len(records) != 1 || records[0].Address != c.want {
				t.Errorf("written down: %+v, want the address %s", records, c.want)
			}
		})
	}
}

func TestOptionsOfLoginsAreChecked(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	for what, options := range map[string]handlers.Options{
		"a header without proxies": {AuthHeader: "X-User"},
		"everybody's IPv4":         {AuthHeader: "X-User", TrustedProxies: append([]netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}, here...)},
		"everybody's IPv6":         {AuthHeader: "X-User", TrustedProxies: append([]netip.Prefix{netip.MustParsePrefix("::/0")}, here...)},
		"two logins":               {AuthHeader: "X-User", TrustedProxies: here, Identify: hostLogin},
		"no header's name":         {AuthHeader: "X User", TrustedProxies: here},
		"a role without header":    {AuthHeaderRole: auth.Viewer},
		"no role":                  {AuthHeader: "X-User", TrustedProxies: here, AuthHeaderRole: "admin"},
	} {
		if _, err := handlers.New(s.logs, options); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}
