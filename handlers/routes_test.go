package handlers_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// audience is whom a route lets in.
type audience int

const (
	everybody  audience = iota // also who is not logged in
	roles                      // superusers and viewers
	superusers                 // and nobody else
	programs                   // who bring a token
)

// audiences are the routes below the admin's path. One that is not here fails every test below.
var audiences = map[string]audience{
	"GET /assets/:file": everybody, "HEAD /assets/:file": everybody, "POST /language": everybody, "POST /theme": everybody,
	"GET /login": everybody, "HEAD /login": everybody, "POST /login": everybody, "POST /logout": everybody,

	"GET /login/second": everybody, "HEAD /login/second": everybody, "POST /login/second": everybody,

	"GET /login/passkey": everybody, "HEAD /login/passkey": everybody, "POST /login/passkey": everybody,

	"GET /password": everybody, "HEAD /password": everybody, "POST /password": everybody,

	"POST /policy-report": everybody, "GET /sign-on": everybody, "GET /sign-on/callback": everybody,

	"GET ": everybody, "HEAD ": everybody, // it leads to the home page

	"GET /": roles, "HEAD /": roles, "GET /static": roles, "HEAD /static": roles, "GET /live": roles, "HEAD /live": roles,
	"GET /live/everyone": roles, "HEAD /live/everyone": roles, "GET /live/socket": roles, "POST /live/ticket": roles,
	"GET /summary": roles, "HEAD /summary": roles, "GET /users": roles, "HEAD /users": roles, "POST /reason": roles,
	"GET /account": roles, "HEAD /account": roles, "POST /account/password": roles, "POST /account/session": roles,
	"POST /account/sessions": roles, "POST /account/token": roles, "POST /account/token/revoke": roles,
	"POST /account/second-factor/begin": roles, "POST /account/second-factor/app": roles, "POST /account/second-factor/app/remove": roles,
	"POST /account/second-factor/codes": roles, "POST /account/second-factor/passkey": roles, "POST /account/second-factor/passkey/remove": roles,
	"GET /account/passkey": roles, "HEAD /account/passkey": roles, "GET /account/passkey/new": roles, "HEAD /account/passkey/new": roles,

	"GET /accounts": superusers, "HEAD /accounts": superusers, "POST /accounts/create": superusers,
	"POST /accounts/disable": superusers, "POST /accounts/enable": superusers, "POST /accounts/role": superusers,
	"POST /accounts/sessions": superusers, "POST /accounts/link": superusers,
	"POST /accounts/second-factor": superusers,

	"POST /team": roles,

	"GET /health": superusers, "HEAD /health": superusers,

	"GET /rules": superusers, "HEAD /rules": superusers, "POST /rules/add": superusers, "POST /rules/remove": superusers,

	"GET /recording": superusers, "HEAD /recording": superusers, "POST /recording": superusers,

	"GET /audit": superusers, "HEAD /audit": superusers, "GET /audit/export": superusers,

	"GET /api/users": programs, "HEAD /api/users": programs, "GET /api/log": programs, "HEAD /api/log": programs,
}

// bound says why requests for a route can't fill the audit log.
type bound int

const (
	writesNothing bound = iota
	byAllowance         // of the account; it is spent before anything is written
	byPassword          // the right password is needed, and there is an allowance for it
	once                // of several requests one takes effect, and is recorded
)

// bounds are the routes that write to the audit log, below the admin's path.
var bounds = map[string]bound{
	"GET /sign-on/callback": byAllowance, "POST /login": byPassword, "POST /login/second": byPassword, "POST /login/passkey": byPassword, "POST /account/password": byPassword,
	"POST /logout": once, "POST /password": once, "POST /account/sessions": once,

	"GET /static": byAllowance, "HEAD /static": byAllowance, "GET /summary": byAllowance, "HEAD /summary": byAllowance,
	"GET /live/socket": byAllowance, "POST /reason": byAllowance, "GET /api/log": byAllowance, "HEAD /api/log": byAllowance,
	"POST /account/session": byAllowance, "POST /account/token": byAllowance, "POST /account/token/revoke": byAllowance,
	"POST /accounts/create": byAllowance, "POST /accounts/disable": byAllowance, "POST /accounts/enable": byAllowance,
	"POST /accounts/role": byAllowance, "POST /accounts/sessions": byAllowance, "POST /accounts/link": byAllowance,
	"POST /accounts/second-factor": byAllowance, "POST /account/second-factor/app": byAllowance, "POST /account/second-factor/app/remove": byAllowance,
	"POST /account/second-factor/codes": byAllowance, "POST /account/second-factor/passkey": byAllowance,
	"POST /account/second-factor/passkey/remove": byAllowance,
	"POST /recording": byAllowance, "POST /team": byAllowance, "POST /rules/add": byAllowance, "POST /rules/remove": byAllowance,
	"GET /audit": byAllowance, "HEAD /audit": byAllowance, "GET /audit/export": byAllowance,
}

func boundOf(route gin.RouteInfo) bound {
	return bounds[route.Method+" "+strings.TrimPrefix(route.Path, base)]
}

// admits returns whom a route lets in, and fails the test of a route that nobody has thought about.
func admits(t *testing.T, route gin.RouteInfo) audience {
	t.Helper()
	name := route.Method + " " + strings.TrimPrefix(route.Path, base)
	who, known := audiences[name]
	if !known {
		t.Fatalf("whom does %s let in? Add it to audiences", name)
	}
	return who
}

// The whole list of routes, asked by everybody there is.
func TestWhoMayUseWhichRoute(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{RequireReason: true, LiveURL: "wss://live.example.com/userlog/live/socket", Passkeys: &device{}, Destinations: sending().Destinations})
	superuser, viewer := s.superuser(), s.viewer("vera")
	token := s.token("vera")
	for _, route := range s.engine.Routes() {
		target := strings.Replace(route.Path, ":file", "nosuch.css", 1)
		ask := func(b *browser, headers ...string) *answer { return b.do(route.Method, target, nil, headers...) }
		who := admits(t, route)

		stranger, viewers, program, chiefs := ask(s.stranger()), ask(viewer), ask(s.stranger(), "Authorization", "Bearer "+token), ask(superuser)
		if route.Path == base+"/logout" || route.Path == base+"/account/sessions" {
			viewer, superuser = s.stranger(), s.again()
			viewer.logIn(base, "vera", password, "")
		}
		name := route.Method + " " + route.Path
		socket := route.Path == base+"/live/socket"
		want := func(a *answer, who string, admitted bool) {
			t.Helper()
			toLogin := strings.HasPrefix(a.location(), base+"/login") && a.location() != base+"/login?out=1"
			refused := a.StatusCode == http.StatusUnauthorized || a.StatusCode == http.StatusForbidden || toLogin
			if strings.HasSuffix(name, "/live/everyone") && admitted {
				refused = a.StatusCode != http.StatusForbidden // of who is let in, a reason is asked
			}
			if refused == admitted {
				t.Errorf("%s: %s got %d to %q", name, who, a.StatusCode, a.location())
			}
		}
		if who == everybody {
			continue
		}
		refusals := 0
		for _, r := range s.records() {
			if r.Actor == "vera" && r.Action == audit.Refused && r.Detail == name && r.Ring == audit.Attempts {
				refusals++
			}
		}
		if expected := who == superusers; expected != (refusals == 1) {
			t.Errorf("%s: %d refusals of a viewer are written down", name, refusals)
		}
		want(stranger, "a stranger", false)
		want(viewers, "a viewer", who == roles)
		want(chiefs, "a superuser", who == roles || who == superusers)
		want(program, "a program", who == programs || socket)
	}
}

// The same for the viewers of somebody else's login, whatever their account says: nothing of the
// superusers' is shown or happens.
func TestSuperusersRoutesAskSomebodyElsesLogin(t *testing.T) {
	t.Parallel()
	const header = "X-Host-User"
	proxy := handlers.Options{AuthHeader: header, TrustedProxies: here}
	strangers := proxy
	strangers.AuthHeaderRole = auth.Viewer
	for what, c := range map[string]struct {
		options handlers.Options
		account auth.Role // that vera has here, if any
	}{
		"a host's":                             {handlers.Options{Identify: hostViewer}, ""},
		"a host's, with a superuser's account": {handlers.Options{Identify: hostViewer}, auth.Superuser},
		"a proxy's":                            {proxy, auth.Viewer},
		"a proxy's, without an account":        {strangers, ""},
	} {
		t.Run(what, func(t *testing.T) {
			s := newSite(t, redistest.Start(t).Client(t), c.options)
			s.createSuperuser()
			if c.account != "" {
				s.create("vera", c.account)
			}
			vera, before, tried := s.stranger(), s.account(root), 0
			if a := vera.get(base+"/", header, "vera"); a.StatusCode != http.StatusOK {
				t.Fatalf("her home page: %d", a.StatusCode)
			}
			for _, route := range s.engine.Routes() {
				if admits(t, route) != superusers {
					continue
				}
				tried++
				form := url.Values{"name": {root}, "role": {"viewer"}, "sure": {"1"}}
				a := vera.do(route.Method, targetOf(route)+"?format=csv", strings.NewReader(form.Encode()),
					"Content-Type", "application/x-www-form-urlencoded", header, "vera")
				if a.StatusCode != http.StatusForbidden {
					t.Errorf("%s %s answers %d", route.Method, route.Path, a.StatusCode)
				}
			}
			if tried < 10 || s.account(root) != before || len(s.audited()) != tried || len(attempts(s.records())) != tried {
				t.Errorf("after %d routes root is %+v, and written down is %q", tried, s.account(root), s.audited())
			}
		})
	}
}

// attempts are the records that are in their ring.
func attempts(records []audit.Record) []audit.Record {
	return slices.DeleteFunc(records, func(r audit.Record) bool { return r.Ring != audit.Attempts })
}

// Somebody who may do nothing here, such as a customer of the host, leaves few records, and none in the ring of what accounts did. Other sites
// leave none in anybody's name.
func TestRefusalsAreLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{Identify: func(c *gin.Context) (string, auth.Role) { return "customer", "" }})
	b := s.stranger()
	for _, foreign := range [][]string{{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-User", "?1"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}} {
		if a := b.get(base+"/static?username=ada", foreign...); a.StatusCode != http.StatusForbidden {
			t.Errorf("from %q: %d", foreign, a.StatusCode)
		}
	}
	if got := s.audited(); len(got) != 0 {
		t.Errorf("other sites have written %q", got)
	}
	begun := time.Now()
	for range auth.RecordedAtOnce + 20 {
		if a := b.get(base + "/static?username=ada"); a.StatusCode != http.StatusForbidden {
			t.Fatalf("a customer gets %d", a.StatusCode)
		}
	}
	records := s.records()
	if most := auth.RecordedAtOnce + 1 + int(time.Since(begun)*auth.RecordedPerMinute/time.Minute); len(records) < auth.RecordedAtOnce || len(records) > most {
		t.Errorf("%d records were written", len(records))
	}
	if r := records[0]; len(attempts(records)) != len(records) || r.Actor != "customer" || r.Subject != "ada" || r.Detail != "GET "+base+"/static" || r.Via != string(auth.ViaHost) {
		t.Errorf("a record is %+v", r)
	}
}

// hostViewer is a host's login that makes everybody a viewer.
func hostViewer(c *gin.Context) (string, auth.Role) { return c.GetHeader("X-Host-User"), auth.Viewer }
