package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestEveryPrivateRouteNeedsALogin(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		s.record("ada", "/secret")
		private := 0
		for _, route := range s.engine.Routes() {
			if admits(t, route) == everybody || admits(t, route) == programs {
				continue
			}
			private++
			target := route.Path + "?username=ada"
			for name, cookie := range map[string]string{
				"no cookie": "", "foreign cookie": s.cookieName() + "=abc", "unknown session": s.cookieName() + "=" + strings.Repeat("A", 43),
			} {
				t.Run(route.Method+" "+route.Path+" "+name, func(t *testing.T) {
					expectRefusal(t, s.stranger(), route.Method, target, cookie)
				})
			}
		}
		if private < 6 {
			t.Errorf("only %d private routes were found", private)
		}
	})
}

// expectRefusal asks as a page, a fragment and a socket.
func expectRefusal(t *testing.T, b *browser, method, target, cookie string) {
	if method != http.MethodGet && method != http.MethodHead {
		expectRefusedForm(t, b, target, cookie)
		return
	}
	back := base + "/login?next=" + strings.NewReplacer("/", "%2F", "?", "%3F", "=", "%3D").Replace(target)
	page := b.do(method, target, nil, "Cookie", cookie)
	want := back
	if strings.HasPrefix(target, base+"/?") {
		want = base + "/login?next=%2Fuserlog%2F%3Fusername%3Dada"
	}
	if page.StatusCode != http.StatusSeeOther || page.location() != want || strings.Contains(page.body, "secret") {
		t.Errorf("a page: %d to %q, want 303 to %q", page.StatusCode, page.location(), want)
	}
	fragment := b.do(method, target, nil, "Cookie", cookie, "HX-Request", "true", "HX-Current-URL", b.site.server.URL+"/userlog/static?username=bob")
	if want := base + "/login?next=%2Fuserlog%2Fstatic%3Fusername%3Dbob"; fragment.StatusCode != http.StatusUnauthorized ||
		fragment.Header.Get("HX-Redirect") != want || fragment.location() != "" || fragment.body != "" {
		t.Errorf("a fragment: %d to %q, want 401 to %q", fragment.StatusCode, fragment.Header.Get("HX-Redirect"), want)
	}
	conn, socket := b.dial(target, "Cookie", cookie)
	if conn != nil || socket.StatusCode != http.StatusUnauthorized {
		t.Errorf("a socket: %d, want 401", socket.StatusCode)
	}
}

// expectRefusedForm asks as a form: after the login it can't be sent again by a link.
func expectRefusedForm(t *testing.T, b *browser, target, cookie string) {
	t.Helper()
	a := b.post(target, url.Values{"username": {"ada"}, "reason": {"x"}, "name": {"eve"}, "role": {"superuser"}}, "Cookie", cookie)
	if a.StatusCode != http.StatusSeeOther || a.location() != base+"/login" {
		t.Errorf("a form: %d to %q", a.StatusCode, a.location())
	}
}

// A page's address in a header is the client's to choose.
func TestFragmentsRedirectOnlyToTheLogin(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	for _, current := range []string{"", "https://evil.example/", "//evil.example", "javascript:alert(1)", "https://evil.example//x", "%zz"} {
		a := s.stranger().get(base+"/static", "HX-Request", "true", "HX-Current-URL", current)
		if got := a.Header.Get("HX-Redirect"); a.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(got, base+"/login") || strings.Contains(got, "evil") || strings.Contains(got, "alert") {
			t.Errorf("%q: %d to %q", current, a.StatusCode, got)
		}
	}
}

func TestTheHostsLoginIsTheAdmins(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{Identify: hostLogin})
		for _, route := range s.engine.Routes() {
			if strings.Contains(route.Path, "/login") || strings.Contains(route.Path, "/logout") || strings.Contains(route.Path, "/password") || strings.Contains(route.Path, "/account/session") || strings.Contains(route.Path, "/link") {
				t.Errorf("there is a route %s", route.Path)
			}
			if admits(t, route) == everybody || admits(t, route) == programs {
				continue
			}
			for _, b := range [][]string{{}, {"HX-Request", "true"}, {"X-Host-User", "mallory"}} {
				a := s.stranger().do(route.Method, route.Path+"?username=ada", nil, b...)
				if route.Method == http.MethodHead {
					continue // nothing to read
				}
				a.expect(http.StatusForbidden, "Your account may not see this page. If you need it, ask a superuser.")
				if a.location() != "" || a.find("header nav").Length() != 0 {
					t.Errorf("%s: led to %q with a navigation of %d", route.Path, a.location(), a.find("header nav").Length())
				}
			}
			if route.Method != http.MethodGet {
				continue // sockets are GETs
			}
			conn, refused := s.stranger().dial(route.Path + "?username=ada")
			if conn != nil || refused.StatusCode != http.StatusForbidden {
				t.Errorf("%s: a socket was answered with %d", route.Path, refused.StatusCode)
			}
		}
		home := s.stranger().get(base+"/", "X-Host-User", root)
		if home.StatusCode != http.StatusOK || !strings.Contains(home.text("header .account"), root) {
			t.Errorf("the superuser got %d, %q", home.StatusCode, home.text("header .account"))
		}
		if home.find("form[action$='/logout']").Length() != 0 {
			t.Error("a page offers a logout that does not exist")
		}
	})
}

// hostLogin is a host's login: the person whom a header names. Only root is a superuser.
func hostLogin(c *gin.Context) (string, auth.Role) {
	if name := c.GetHeader("X-Host-User"); name == root {
		return name, auth.Superuser
	}
	return "mallory", ""
}

func TestWithoutRedisNobodyIsLetInOrLoggedOut(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	s := newSite(t, server.Client(t), handlers.Options{})
	b := s.superuser()
	s.record("ada", "/secret")
	server.Kill()
	for _, target := range []string{"/", "/static", "/static?username=ada", "/live?username=ada", "/live/everyone", "/live/socket?username=ada", "/users?q=a", "/login"} {
		b.get(base + target).expectStoreLost()
		b.get(base+target, "HX-Request", "true").expectStoreLost()
	}
	if conn, refused := b.dial(base + "/live/socket?username=ada"); conn != nil || refused.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a socket was answered with %d", refused.StatusCode)
	}
	b.logIn(base, root, password, "").expectStoreLost()
	b.post(base+"/logout", nil).expectStoreLost()
	guess := s.stranger().get(base+"/static?username=ada", "Cookie", s.cookieName()+"="+strings.Repeat("A", 43))
	guess.expectStoreLost()
	server.Restart()
	redistest.Eventually(t, "the pages are back", func() bool { return b.get(base+"/").StatusCode == http.StatusOK })
	b.get(base+"/static?username=ada").expect(http.StatusOK, "Logs found for ada.")
	if b.session() == "" {
		t.Error("the session was lost with the connection")
	}
}

// Where the host lets people in, pages that need Redis say that it is away.
func TestWithoutRedisTheHostsLoginStillDecides(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := newSite(t, server.Client(t), handlers.Options{Identify: hostLogin})
	server.Kill()
	for _, target := range []string{"/", "/static?username=ada", "/users?q=a", "/users"} {
		s.stranger().get(base+target, "X-Host-User", root).expectStoreLost()
		if a := s.stranger().get(base + target); a.StatusCode != http.StatusForbidden {
			t.Errorf("%s: a stranger got %d", target, a.StatusCode)
		}
	}
}
