package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// form is what a form sends: names and values in turn.
func form(pairs ...string) url.Values {
	values := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		values.Set(pair[0], pair[1])
	}
	return values
}

// created makes an account on the page, and returns the link that is shown.
func (b *browser) created(name string, role auth.Role) string {
	b.t.Helper()
	a := b.post(base+"/accounts/create", form("name", name, "role", string(role)))
	if a.StatusCode != http.StatusOK {
		b.t.Fatalf("create %s: %d, %q", name, a.StatusCode, a.text("#messages"))
	}
	return a.text("#secret")
}

// secretOf is the code in a one-time link.
func secretOf(link string) string {
	_, secret, _ := strings.Cut(link, "#")
	return secret
}

// account is an account as Redis has it.
func (s *site) account(name string) auth.Account {
	s.t.Helper()
	account, err := s.accounts().Get(s.t.Context(), name)
	if err != nil {
		s.t.Fatal(err)
	}
	return account
}

func TestANewAccountsLinkIsShownOnce(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		b := s.superuser()
		link := b.created("vera b&c", auth.Viewer)
		secret := secretOf(link)
		if want := s.server.URL + base + "/password?username=vera+b%26c#" + secret; link != want || len(secret) < 40 {
			t.Fatalf("the link is %q, want %q", link, want)
		}
		for _, page := range append(pages, "/accounts?done=account-created") {
			if a := b.get(base + page); strings.Contains(a.body, secret) {
				t.Errorf("%s shows the secret again", page)
			}
		}
		again := b.post(base+"/accounts/create", form("name", "vera b&c", "role", "viewer"))
		again.expect(http.StatusUnprocessableEntity, "There is an account of this name already. Choose another name, or give the account a new link.")
		if typed := again.find("#name").AttrOr("value", ""); typed != "vera b&c" || strings.Contains(again.body, secret) {
			t.Errorf("loaded again, the form holds %q", typed)
		}
		state := b.get(base + "/accounts").text("#accounts tr:contains('vera') td.state")
		if !strings.HasPrefix(state, "Waiting for its password The one-time link works for 23 h") {
			t.Errorf("the account is %q", state)
		}
		if got := s.audited(); !slices.Contains(got, "root account-created vera b&c") {
			t.Errorf("written down is %q", got)
		}
	})
}

func TestLinksFollowTheSite(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{SecureCookies: true}, "/a/b")
	s.createSuperuser()
	b := s.stranger()
	cookie := "__Host-" + s.cookieName() + "=" + b.post("/a/b/login", form("username", root, "password", password)).Cookies()[0].Value
	a := b.post("/a/b/accounts/create", form("name", "vera", "role", "viewer"), "Cookie", cookie)
	want := strings.Replace(s.server.URL, "http:", "https:", 1) + "/a/b/password?username=vera#"
	if link := a.text("#secret"); !strings.HasPrefix(link, want) {
		t.Errorf("the link is %q, want %q", link, want)
	}
}

// A link is handed to somebody else: it leads where this site is, by https but on this machine, whatever
// a client claims about proxies.
func TestLinksLeadHere(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	session := s.superuser().session()
	for host, want := range map[string]string{
		"support.example.com":      "https://support.example.com" + base + "/password?username=",
		"support.example.com:8443": "https://support.example.com:8443" + base + "/password?username=",
		"192.0.2.7:8080":           "https://192.0.2.7:8080" + base + "/password?username=",
		"localhost:8080":           "http://localhost:8080" + base + "/password?username=",
		"127.0.0.1:8080":           "http://127.0.0.1:8080" + base + "/password?username=",
		"[::1]:8080":               "http://[::1]:8080" + base + "/password?username=",
	} {
		cookie := cookieName(host, base) + "="
		if !strings.HasPrefix(want, "http:") {
			cookie = "__Host-" + cookie
		}
		for what, headers := range map[string][]string{"plain": nil, "spoofed": liesAboutProxies} {
			r := httptest.NewRequest(http.MethodPost, base+"/accounts/create", strings.NewReader(form("name", what+" "+host, "role", "viewer").Encode()))
			r.Host = host
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Cookie", cookie+session)
			for pair := range slices.Chunk(headers, 2) {
				r.Header.Set(pair[0], pair[1])
			}
			w := httptest.NewRecorder()
			s.engine.ServeHTTP(w, r)
			a := &answer{Response: w.Result(), t: t, body: w.Body.String()}
			if link := a.text("#secret"); !strings.HasPrefix(link, want) || strings.Contains(a.body, "evil") {
				t.Errorf("%s, %s: %d, the link is %q, want %q", host, what, a.StatusCode, link, want)
			}
		}
	}
}

// liesAboutProxies are what a client may claim that a proxy has noted, as names and values in turn.
var liesAboutProxies = []string{
	"X-Forwarded-Host", "evil.example", "X-Forwarded-Prefix", "/evil", "X-Forwarded-Proto", "http", "X-Forwarded-Scheme", "http",
	"X-Forwarded-Port", "666", "X-Host", "evil.example", "X-Original-Host", "evil.example", "X-Original-Url", "/evil", "Forwarded", "host=evil.example;proto=http",
}

func TestAccountsThatCannotBe(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	const name, role = "An account can’t have this name. Use 1 to 150 characters, without line ends and the like.", "There is no such role. Choose one of the list."
	for _, test := range []struct{ name, role, says string }{
		{"", "viewer", name},
		{"a\nb", "viewer", name},
		{"a\x00", "viewer", name},
		{"\xff", "viewer", name},
		{strings.Repeat("n", 151), "viewer", name},
		{"eve", "", role},
		{"eve", "admin", role},
	} {
		b.post(base+"/accounts/create", form("name", test.name, "role", test.role)).expect(http.StatusUnprocessableEntity, test.says)
	}
	if rows := b.get(base + "/accounts").find("#accounts tbody tr").Length(); rows != 1 {
		t.Errorf("there are %d accounts", rows)
	}
}

func TestSuperusersChangeAccounts(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		b, vera := s.superuser(), s.viewer("vera")
		for _, step := range []struct {
			action, says string
			form         url.Values
			holds        func(auth.Account) bool
		}{
			{"sessions", "All sessions and tokens of the account have ended.", form("name", "vera"), func(a auth.Account) bool { return !a.Disabled }},
			{"role", "The role has been changed. Sessions and tokens of the account have ended.", form("name", "vera", "role", "superuser"), func(a auth.Account) bool { return a.Role == auth.Superuser }},
			{"disable", "The account has been disabled. Its sessions and tokens have ended.", form("name", "vera"), func(a auth.Account) bool { return a.Disabled }},
			{"enable", "The account can be used again.", form("name", "vera"), func(a auth.Account) bool { return !a.Disabled }},
		} {
			if a := vera.logIn(base, "vera", password, ""); step.action != "enable" && a.StatusCode != http.StatusSeeOther {
				t.Fatalf("login: %d", a.StatusCode)
			}
			a := b.post(base+"/accounts/"+step.action, step.form)
			if a.StatusCode != http.StatusSeeOther {
				t.Fatalf("%s: %d, %q", step.action, a.StatusCode, a.text("#messages"))
			}
			b.get(a.location()).expect(http.StatusOK, step.says)
			if !step.holds(s.account("vera")) {
				t.Errorf("%s: she is %+v", step.action, s.account("vera"))
			}
			if a := vera.get(base + "/"); a.StatusCode != http.StatusSeeOther {
				t.Errorf("%s: her session goes on with %d", step.action, a.StatusCode)
			}
		}
	})
}

func TestRefusedChangesSayWhyAndChangeNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	s.create("dora", auth.Viewer)
	if err := s.accounts().Disable(t.Context(), "dora"); err != nil {
		t.Fatal(err)
	}
	const (
		last        = "This is the last superuser who can log in. Make another superuser first, who has set a password."
		unconfirmed = "This would take your own access away. If that is what you want, tick the box above the button."
		nobody      = "There is no such account. Reload the page to see those that there are."
	)
	for _, test := range []struct {
		action string
		form   url.Values
		says   string
	}{
		{"disable", form("name", root), unconfirmed},
		{"role", form("name", root, "role", "viewer"), unconfirmed},
		{"disable", form("name", root, "sure", "1"), last},
		{"role", form("name", root, "role", "viewer", "sure", "1"), last},
		{"disable", form("name", "nobody"), nobody},
		{"enable", form("name", "nobody"), nobody},
		{"role", form("name", "nobody", "role", "viewer"), nobody},
		{"role", form("name", "dora", "role", "owner"), "There is no such role. Choose one of the list."},
		{"sessions", form(), nobody},
		{"link", form("name", "nobody"), nobody},
		{"link", form("name", "dora"), "The account is disabled. Enable it first."},
	} {
		b.post(base+"/accounts/"+test.action, test.form).expect(http.StatusUnprocessableEntity, test.says)
	}
	if account := s.account(root); account.Disabled || account.Role != auth.Superuser {
		t.Errorf("the superuser is %+v", account)
	}
	if a := b.get(base + "/accounts"); a.StatusCode != http.StatusOK {
		t.Errorf("the superuser's session has ended: %d", a.StatusCode)
	}
}

// A viewer who sends the superusers' forms, and edits her own.
func TestViewersChangeNoAccount(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	s.createSuperuser()
	vera := s.viewer("vera")
	for _, action := range []string{"create", "disable", "enable", "role", "link", "sessions"} {
		a := vera.post(base+"/accounts/"+action, form("name", "vera", "role", "superuser", "sure", "1"))
		a.expect(http.StatusForbidden, "Your account may not see this page. If you need it, ask a superuser.")
	}
	vera.post(base+"/account/password", form("current", password, "password", "another good password", "username", root, "name", root, "role", "superuser"))
	if account := s.account("vera"); account.Role != auth.Viewer || account.Disabled || !account.LinkExpires.IsZero() {
		t.Errorf("she is %+v", account)
	}
	if a := s.again().get(base + "/"); a.StatusCode != http.StatusOK {
		t.Errorf("the superuser's password was changed: %d", a.StatusCode)
	}
	if home := vera.get(base + "/"); home.find("nav a[href$='/accounts']").Length() != 0 || home.find(".account a[href$='/account']").Length() != 1 {
		t.Error("a viewer sees a link to the accounts, or none to her own")
	}
}

func TestASuperuserMayLeave(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	s.create("other", auth.Superuser)
	if a := b.post(base+"/accounts/role", form("name", root, "role", "viewer", "sure", "1")); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d, %q", a.StatusCode, a.text("#messages"))
	}
	if a := b.get(base + "/accounts"); a.StatusCode != http.StatusSeeOther || s.account(root).Role != auth.Viewer {
		t.Errorf("the session goes on with %d as %s", a.StatusCode, s.account(root).Role)
	}
}

// Where people log in elsewhere, accounts have no passwords to set.
func TestAccountsWithoutOurLogin(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{Identify: hostLogin})
	b := s.stranger()
	as := []string{"X-Host-User", root}
	a := b.post(base+"/accounts/create", form("name", root, "role", "viewer"), as...)
	if a.StatusCode != http.StatusSeeOther || a.location() != base+"/accounts?done=account-created" {
		t.Fatalf("create: %d to %q", a.StatusCode, a.location())
	}
	list := b.get(a.location(), as...)
	list.expect(http.StatusOK, "The account has been created.")
	if list.text("#accounts td.state") != "Active" || list.find("form[action$='/link']").Length() != 0 {
		t.Errorf("the account is %q", list.text("#accounts td.state"))
	}
}
