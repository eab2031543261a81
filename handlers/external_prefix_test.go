package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// behindProxy has browsers reach the site through a proxy that takes /app off the path, as nginx' location
// /app/ { proxy_pass http://host/; } does. It sends the header, if that is not "".
func (s *site) behindProxy(prefix string) {
	s.t.Helper()
	upstream, err := url.Parse(s.server.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(upstream)
		r.Out.Host = r.In.Host
		if r.Out.Header.Del("X-Forwarded-Prefix"); prefix != "" {
			r.Out.Header.Set("X-Forwarded-Prefix", prefix)
		}
	}}
	s.server = httptest.NewServer(http.StripPrefix("/app", proxy))
	s.t.Cleanup(s.server.Close)
}

// Behind a proxy that takes a prefix off the path, every link, redirect, cookie and asset has it, whether
// the options say it or the proxy does.
func TestThePrefixThatAProxyTakesOff(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	for what, c := range map[string]struct {
		options handlers.Options
		header  string
	}{
		"by the options":           {handlers.Options{ExternalPrefix: "/app"}, ""},
		"by the proxy":             {handlers.Options{TrustedProxies: trusted}, "/app"},
		"by the proxy, with slash": {handlers.Options{TrustedProxies: trusted}, "/app/"},
		"by both":                  {handlers.Options{ExternalPrefix: "/other", TrustedProxies: trusted}, "/app"},
		"nonsense of the proxy":    {handlers.Options{ExternalPrefix: "/app", TrustedProxies: trusted}, "//evil.example"},
	} {
		for _, base := range []string{"/userlog", ""} {
			t.Run(what+", at "+base+"/", func(t *testing.T) {
				s := newSite(t, redistest.Start(t).Client(t), c.options, base)
				s.record("ada", "/first")
				s.createSuperuser()
				direct := s.server
				s.behindProxy(c.header)
				s.testOutside(base, "/app"+base)
				s.server = direct
			})
		}
	}
}

// testOutside walks through the admin at base as a browser that sees it at outside.
func (s *site) testOutside(base, outside string) {
	s.t.Helper()
	t, b := s.t, s.stranger()
	wantLocation := func(a *answer, want string) {
		t.Helper()
		if a.location() != want {
			t.Errorf("%s leads to %q, want %q", a.Request.URL.Path, a.location(), want)
		}
	}
	wantLocation(b.get(outside+"/live?username=ada"), outside+"/login?"+url.Values{"next": {outside + "/live?username=ada"}}.Encode())
	if base != "" {
		wantLocation(b.get(outside), outside+"/")
	}
	s.expectOwnLinks(b.get(outside+"/login"), outside)
	wantLocation(b.logIn(outside, root, password, outside+"/static?username=ada"), outside+"/static?username=ada")
	for _, page := range pages {
		s.expectOwnLinks(b.get(outside+page), outside)
	}
	s.expectOwnLinks(b.get(outside+"/static?username=ada", "HX-Request", "true"), outside)
	page := b.get(outside + "/live?username=ada")
	if got := page.find("form[action$='/language'] input[name=next]").AttrOr("value", ""); got != outside+"/live?username=ada" {
		t.Errorf("the language switch leads to %q", got)
	}
	page.find("link[rel=stylesheet], script[src]").Each(func(_ int, file *goquery.Selection) {
		if a := b.get(file.AttrOr("href", file.AttrOr("src", ""))); a.StatusCode != http.StatusOK {
			t.Errorf("an asset: %d", a.StatusCode)
		}
	})
	if conn, response := b.dial(page.find("#live").AttrOr("hx-ws:connect", "")); conn == nil {
		t.Errorf("the page's socket: %d", response.StatusCode)
	}
	preference := b.post(outside+"/theme", form("theme", "dark", "next", outside+"/account"))
	wantLocation(preference, outside+"/account")
	if c := preference.Cookies(); len(c) != 1 || c[0].Path != outside+"/" {
		t.Errorf("the theme is kept in %v", c)
	}
	link := b.post(outside+"/accounts/create", form("name", "vera", "role", "viewer")).text("#secret")
	if want := s.server.URL + outside + "/password?username=vera#"; !strings.HasPrefix(link, want) {
		t.Errorf("the one-time link is %q, want %q", link, want)
	}
	fragment := s.stranger().get(outside+"/static?username=ada", "HX-Request", "true", "HX-Current-URL", s.server.URL+outside+"/static?username=ada")
	login := outside + "/login?" + url.Values{"next": {outside + "/static?username=ada"}}.Encode()
	if got := fragment.Header.Get("HX-Redirect"); got != login {
		t.Errorf("a fragment leads to %q, want %q", got, login)
	}
	for _, elsewhere := range []string{base + "x/live", "/other/live", "//evil.example/app"} {
		wantLocation(b.post(outside+"/language", form("lang", "en", "next", elsewhere)), outside+"/")
	}
	wantLocation(b.post(outside+"/logout", nil), outside+"/login?out=1")
}

// The header of a stranger changes nothing, and the prefix can lead to no other site.
func TestThePrefixOfAStranger(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{Identify: func(*gin.Context) (string, auth.Role) { return root, auth.Superuser }})
	for _, claimed := range []string{"/evil", "//evil.example", "https://evil.example"} {
		a := s.stranger().get(base+"/", "X-Forwarded-Prefix", claimed)
		if a.StatusCode != http.StatusOK || strings.Contains(a.body, "evil") {
			t.Errorf("%q: %d, and it is on the page: %t", claimed, a.StatusCode, strings.Contains(a.body, "evil"))
		}
	}
	for _, wrong := range []string{"app", "/app/", "//app", "/a b", "/a/../b", "https://example.com/app", "/a?b", "/"} {
		if _, err := handlers.New(s.logs, handlers.Options{ExternalPrefix: wrong}); err == nil || !strings.Contains(err.Error(), "external prefix") {
			t.Errorf("%q as an option: %v", wrong, err)
		}
	}
}
