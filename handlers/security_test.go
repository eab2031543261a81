package handlers_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types userlog userlog-htmx; report-uri " + base + "/policy-report"

func TestEveryAnswerHasTheHeaders(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := newSite(t, server.Client(t), handlers.Options{})
	s.engine.NoRoute(s.admin.NotFound)
	b := s.superuser()
	statuses := map[int]bool{}
	check := func(a *answer) {
		t.Helper()
		statuses[a.StatusCode] = true
		for name, want := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"Permissions-Policy": "camera=(), geolocation=(), microphone=()",
		} {
			if got := a.Header.Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("%s %s (%d): %s is %q", a.Request.Method, a.Request.URL, a.StatusCode, name, got)
			}
		}
		if cache := a.Header.Get("Cache-Control"); cache != "no-store" {
			t.Errorf("%s %s (%d): Cache-Control is %q", a.Request.Method, a.Request.URL, a.StatusCode, cache)
		}
		if a.find("script:not([src]), style, [style], [onclick], [onload]").Length() != 0 {
			t.Errorf("%s: has inline script or style", a.Request.URL)
		}
	}
	everything := func(b *browser, headers ...string) {
		for _, route := range s.engine.Routes() {
			if route.Method == http.MethodGet || route.Method == http.MethodPost {
				check(b.do(route.Method, route.Path+"?username=ada", nil, headers...))
			}
		}
	}
	everything(s.stranger())
	everything(s.stranger(), "HX-Request", "true")
	everything(s.stranger(), "Sec-Fetch-Site", "cross-site")
	everything(b, "HX-Request", "true")
	check(b.get(base + "/nothing-here"))
	check(b.get("/elsewhere"))
	b = s.again()
	server.Kill()
	everything(b)
	for _, status := range []int{200, 303, 401, 403, 404, 426, 503} {
		if !statuses[status] {
			t.Errorf("no answer with %d was seen, only %v", status, statuses)
		}
	}
}

func TestPolicyLetsPagesReachTheLiveURL(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{Identify: hostLogin, LiveURL: "wss://live.example.com:8443/userlog/live/socket"})
	want := strings.Replace(policy, "connect-src 'self';", "connect-src 'self' wss://live.example.com:8443;", 1)
	for _, target := range []string{"/", "/live?username=a+b", "/live/everyone", "/assets/nothing.css", "/live/socket"} {
		a := s.stranger().get(base+target, "X-Host-User", root)
		if got := a.Header.Get("Content-Security-Policy"); got != want {
			t.Errorf("%s: %q", target, got)
		}
	}
	for target, want := range map[string]string{
		"/live?username=a+b": "wss://live.example.com:8443/userlog/live/socket?lang=en&page=1&username=a+b",
		"/live/everyone":     "wss://live.example.com:8443/userlog/live/socket?everyone=1&lang=en&page=1&show=errors",
	} {
		if got := s.stranger().get(base+target, "X-Host-User", root).find("#live").AttrOr("hx-ws:connect", ""); got != want {
			t.Errorf("%s connects to %q", target, got)
		}
	}
}

func TestOtherSitesCanChangeNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	own := s.server.URL
	forms := map[string]url.Values{
		"/login":    {"username": {root}, "password": {password}},
		"/language": {"lang": {"fr"}},
		"/theme":    {"theme": {"dark"}},
		"/logout":   {},
	}
	for target, form := range forms {
		for _, foreign := range [][]string{
			{"Sec-Fetch-Site", "cross-site"},
			{"Sec-Fetch-Site", "same-site"},
			{"Sec-Fetch-Site", "cross-site", "Origin", own},
			{"Origin", "https://evil.example"},
			{"Origin", "null"},
			{"Origin", "http://sibling.127.0.0.1"},
			{"Origin", own + "0"},
		} {
			stranger := s.stranger()
			a := stranger.post(base+target, form, append(foreign, "Cookie", s.cookieName()+"="+b.session())...)
			a.expect(http.StatusForbidden, "This request was refused. Go back, reload the page and try again.")
			if len(a.Cookies()) != 0 {
				t.Errorf("%s from %q set %v", target, foreign, a.Cookies())
			}
		}
		for _, ours := range [][]string{{"Sec-Fetch-Site", "same-origin"}, {"Origin", own}, {"Sec-Fetch-Site", "none"}} {
			if a := s.stranger().post(base+target, form, ours...); a.StatusCode != http.StatusSeeOther {
				t.Errorf("%s from %q: %d", target, ours, a.StatusCode)
			}
		}
	}
	if a := b.get(base + "/"); a.StatusCode != http.StatusOK {
		t.Errorf("a refused logout logged out: %d", a.StatusCode)
	}
}

func TestLargeFormsAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	s.createSuperuser()
	form := url.Values{"username": {root}, "password": {password}, "filler": {strings.Repeat("x", 64<<10)}}.Encode()
	multipart := "--x\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nroot\r\n" +
		"--x\r\nContent-Disposition: form-data; name=\"filler\"\r\n\r\n" + strings.Repeat("x", 64<<10) + "\r\n--x--\r\n"
	for kind, body := range map[string]string{"application/x-www-form-urlencoded": form, "multipart/form-data; boundary=x": multipart} {
		for _, target := range []string{"/login", "/language", "/logout"} {
			b := s.stranger()
			for length, reader := range map[string]io.Reader{
				"declared": strings.NewReader(body), "chunked": struct{ io.Reader }{strings.NewReader(body)},
			} {
				a := b.do(http.MethodPost, base+target, reader, "Content-Type", kind)
				if a.StatusCode != http.StatusRequestEntityTooLarge || b.session() != "" {
					t.Errorf("%s, %s, length %s: %d", target, kind, length, a.StatusCode)
				}
			}
		}
	}
}

// A proxy that ends TLS is not to be seen from here; where it is said to be there, cookies are confined.
func TestCookiesAreConfined(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		options handlers.Options
		prefix  string
		own     bool // its name tells this admin from others on the host
		secure  bool
		domain  string
	}{
		{handlers.Options{}, "", true, false, ""},
		{handlers.Options{SecureCookies: true}, "__Host-", true, true, ""},
		{handlers.Options{SecureCookies: true, CookieDomain: "example.com"}, "__Secure-", false, true, "example.com"},
		{handlers.Options{LiveURL: "wss://live.example.com/userlog/live/socket"}, "", true, false, ""},
		{handlers.Options{AllowedOrigins: []string{"https://admin.example.com"}}, "", true, false, ""},
	} {
		s := newSite(t, redistest.Start(t).Client(t), test.options)
		s.createSuperuser()
		cookies := s.stranger().logIn(base, root, password, "").Cookies()
		if len(cookies) != 2 {
			t.Fatalf("%+v: %v", test.options, cookies)
		}
		c, known, name := cookies[0], cookies[1], test.prefix+"userlog"
		if test.own {
			name = test.prefix + s.cookieName()
		}
		if c.Name != name || c.Secure != test.secure || c.Domain != test.domain || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" {
			t.Errorf("%+v: %v", test.options, c)
		}
		if known.Name != name+".known" || known.Secure != test.secure || known.Domain != test.domain || !known.HttpOnly || known.SameSite != http.SameSiteStrictMode || known.Path != "/" {
			t.Errorf("%+v: %v", test.options, known)
		}
		language := s.stranger().post(base+"/language", url.Values{"lang": {"fr"}}).Cookies()[0]
		if language.Secure != test.secure || !language.HttpOnly || language.SameSite != http.SameSiteLaxMode || language.Path != base+"/" {
			t.Errorf("%+v: %v", test.options, language)
		}
	}
}

func TestTheAdminsRequestsAreNotRecorded(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	s.engine.GET("/shop", func(c *gin.Context) { c.Status(http.StatusOK) })
	b := s.superuser()
	for _, route := range s.engine.Routes() {
		if route.Path == "/shop" || strings.HasSuffix(route.Path, "/logout") || strings.HasSuffix(route.Path, "/account/sessions") {
			continue
		}
		b.do(route.Method, route.Path+"?username=ada", nil)
		s.stranger().do(route.Method, route.Path, nil)
	}
	page := b.get(base + "/")
	page.find("link[href], script[src]").Each(func(_ int, file *goquery.Selection) {
		b.get(file.AttrOr("href", file.AttrOr("src", "")))
	})
	if conn, upgraded := b.dial(base + "/live/socket?username=ada"); conn == nil {
		t.Fatalf("no socket: %d", upgraded.StatusCode)
	}
	b.post(base+"/logout", nil)
	b.get(base[:len(base)-1]) // not the admin's
	b.get(base)               // Gin redirects it
	s.stranger().get("/shop")
	redistest.Eventually(t, "the host's requests are written", func() bool { return s.logs.Stats().Written >= 2 })
	log, err := s.logs.Log(t.Context(), tracked)
	if err != nil {
		t.Fatal(err)
	}
	if len(log.Entries) != 2 || log.Entries[0].Path != "/shop" || log.Entries[1].Path != "/userlo" || s.logs.Stats().Accepted != 2 {
		t.Errorf("recorded %+v", log.Entries)
	}
}
