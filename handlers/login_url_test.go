package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// cookieLogin is a host's login by its own cookie; it names customers, who have no role here.
func cookieLogin(c *gin.Context) (string, auth.Role) {
	name, err := c.Cookie("host")
	switch {
	case err != nil:
		return "", ""
	case name == root:
		return name, auth.Superuser
	}
	return name, ""
}

// A browser in which nobody is logged in is sent to the host's login, and back.
func TestTheHostsLoginIsLedTo(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{Identify: cookieLogin, LoginURL: "/login?next={next}"})
	const target = base + "/static?username=ada"
	login := "/login?next=" + url.QueryEscape(target)
	if a := s.stranger().get(target); a.StatusCode != http.StatusSeeOther || a.location() != login {
		t.Errorf("a page: %d to %q, want %q", a.StatusCode, a.location(), login)
	}
	if a := s.stranger().get(base+"/static?username=ada", "HX-Request", "true", "HX-Current-URL", s.server.URL+target); a.StatusCode != http.StatusUnauthorized || a.Header.Get("HX-Redirect") != login {
		t.Errorf("a fragment: %d to %q", a.StatusCode, a.Header.Get("HX-Redirect"))
	}
	if a := s.stranger().get(target, "HX-Request", "true", "HX-Current-URL", "https://evil.example/x"); strings.Contains(a.Header.Get("HX-Redirect"), "evil") {
		t.Errorf("a fragment leads back to %q", a.Header.Get("HX-Redirect"))
	}
	if conn, response := s.stranger().dial(base + "/live/socket?username=ada"); conn != nil || response.StatusCode != http.StatusUnauthorized {
		t.Errorf("a socket: %d", response.StatusCode)
	}
	if a := s.stranger().post(base+"/accounts/create", form("name", "x")); a.StatusCode != http.StatusSeeOther || a.location() != "/login?next="+url.QueryEscape(base+"/") {
		t.Errorf("a form: %d to %q", a.StatusCode, a.location())
	}
	b := s.stranger()
	b.get(target)
	if a := b.get(target, "Cookie", "host="+root); a.StatusCode != http.StatusOK {
		t.Errorf("after the login: %d", a.StatusCode)
	}
	// A customer is known, and may do nothing: a login would change nothing.
	s.stranger().get(target, "Cookie", "host=ada").expect(http.StatusForbidden, "Your account may not see this page. If you need it, ask a superuser.")
}

// Where the host leads a browser back and names nobody, it is not sent round in circles.
func TestTheHostsLoginIsNotLedToInCircles(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{Identify: cookieLogin, LoginURL: "/login"})
	b := s.stranger()
	if a := b.get(base + "/"); a.location() != "/login" {
		t.Fatalf("%d to %q", a.StatusCode, a.location())
	}
	if a := b.get(base + "/"); a.StatusCode != http.StatusForbidden {
		t.Errorf("led back: %d to %q", a.StatusCode, a.location())
	}
	if a := b.get(base + "/"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("once more: %d", a.StatusCode)
	}
}

// A login on another site is told the whole address, and a proxy's login is led to as a host's is.
func TestALoginElsewhere(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{
		AuthHeader: "X-Forwarded-User", TrustedProxies: here, LoginURL: "https://login.example.com/?return={next}",
	})
	want := "https://login.example.com/?return=" + url.QueryEscape(s.server.URL+base+"/live")
	if a := s.stranger().get(base + "/live"); a.location() != want {
		t.Errorf("led to %q, want %q", a.location(), want)
	}
	for what, options := range map[string]handlers.Options{
		"with our own login":  {LoginURL: "/login"},
		"another site's path": {LoginURL: "//evil.example", Identify: hostLogin},
		"a script":            {LoginURL: "javascript:alert(1)", Identify: hostLogin},
		"a backslash":         {LoginURL: `/\evil.example`, Identify: hostLogin},
		"a word":              {LoginURL: "login", Identify: hostLogin},
	} {
		if _, err := handlers.New(s.logs, options); err == nil || !strings.Contains(err.Error(), "login URL") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// The host's browsers and the host's tokens may use the API, each by its own right.
func TestTheHostsProgramsAndBrowsersUseTheAPI(t *testing.T) {
	t.Parallel()
	token := func(c *gin.Context) (string, auth.Role) {
		switch c.GetHeader("X-Api-Key") {
		case "good":
			return "robot", auth.Viewer
		case "customer's":
			return "ada", ""
		}
		return "", ""
	}
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{Identify: cookieLogin, IdentifyToken: token, RequireReason: true})
	s.record("ada", "/first")
	for _, c := range []struct {
		what    string
		target  string
		headers []string
		want    int
	}{
		{"a superuser's browser", "/api/users", []string{"Cookie", "host=" + root}, http.StatusOK},
		{"a customer's browser", "/api/users", []string{"Cookie", "host=ada"}, http.StatusForbidden},
		{"nobody", "/api/users", nil, http.StatusUnauthorized},
		{"another site's page", "/api/users", []string{"Cookie", "host=" + root, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "empty"}, http.StatusForbidden},
		{"a reason in a browser's link", "/api/log?username=ada&reason=none+of+yours", []string{"Cookie", "host=" + root}, http.StatusForbidden},
		{"the host's token", "/api/users", []string{"X-Api-Key", "good"}, http.StatusOK},
		{"the host's token, without a reason", "/api/log?username=ada", []string{"X-Api-Key", "good"}, http.StatusForbidden},
		{"the host's token, with a reason", "/api/log?username=ada&reason=ticket+12", []string{"X-Api-Key", "good"}, http.StatusOK},
		{"a token without a role", "/api/users", []string{"X-Api-Key", "customer's"}, http.StatusForbidden},
		{"an unknown token", "/api/users", []string{"X-Api-Key", "bad"}, http.StatusUnauthorized},
		{"the host's token at a page", "/", []string{"X-Api-Key", "good"}, http.StatusForbidden},
		{"an invented token of ours, by a superuser's browser", "/api/users", []string{"Authorization", "Bearer userlog_" + strings.Repeat("A", 43), "Cookie", "host=" + root}, http.StatusUnauthorized},
	} {
		if a := s.stranger().get(base+c.target, c.headers...); a.StatusCode != c.want {
			t.Errorf("%s: %d, want %d: %.80s", c.what, a.StatusCode, c.want, a.body)
		}
	}
	conn, response := s.stranger().dial(base+"/live/socket?username=ada&format=json", "X-Api-Key", "good", "Origin", "")
	if conn == nil {
		t.Fatalf("the host's token opens no socket: %d", response.StatusCode)
	}
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if got := readPath(t, conn); got != "/first" {
		t.Errorf("the socket reads %q", got)
	}
	last := s.records()[len(s.records())-1]
	if last.Actor != "robot" || last.Via != string(auth.ViaHostToken) || last.Reason != "ticket 12" {
		t.Errorf("written down is %+v", last)
	}
}
