package handlers_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

const wrong = "The username or the password is wrong. Check both and try again. If you have no account, ask a superuser for one."

func TestLogInAndOut(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		s.createSuperuser()
		b := s.stranger()
		form := b.get(base + "/login?next=%2Fuserlog%2Fstatic%3Fusername%3Dada")
		form.expect(http.StatusOK, "")
		if action := form.find("form#login").AttrOr("action", ""); action != base+"/login" {
			t.Errorf("the form leads to %q", action)
		}
		next := form.find("#login input[name=next]").AttrOr("value", "")
		a := b.logIn(base, root, password, next)
		if a.StatusCode != http.StatusSeeOther || a.location() != base+"/static?username=ada" {
			t.Fatalf("login: %d to %q", a.StatusCode, a.location())
		}
		b.get(a.location()).expect(http.StatusOK, "No logs for ada."+askForName+ifItIs)
		if again := b.get(base + "/login"); again.StatusCode != http.StatusSeeOther || again.location() != base+"/" {
			t.Errorf("the login page, logged in: %d to %q", again.StatusCode, again.location())
		}

		stolen := b.session()
		if link := b.get(base + "/logout"); link.StatusCode != http.StatusNotFound || b.session() == "" {
			t.Errorf("a link can log out: %d", link.StatusCode)
		}
		out := b.post(base+"/logout", nil)
		if out.StatusCode != http.StatusSeeOther || out.location() != base+"/login?out=1" || b.session() != "" || out.Header.Get("Clear-Site-Data") != `"cache"` {
			t.Fatalf("logout: %d to %q", out.StatusCode, out.location())
		}
		b.get(out.location()).expect(http.StatusOK, "You are logged out.")
		replay := s.stranger().get(base+"/static?username=ada", "Cookie", s.cookieName()+"="+stolen)
		if replay.StatusCode != http.StatusSeeOther {
			t.Errorf("after the logout the old cookie got %d", replay.StatusCode)
		}
		if again := s.stranger().post(base+"/logout", nil); again.StatusCode != http.StatusSeeOther {
			t.Errorf("logout of nobody: %d", again.StatusCode)
		}
	})
}

func TestALoginThatFailsSaysTheSameToAll(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	s.createSuperuser()
	for _, attempt := range [][2]string{
		{root, "wrong horse battery"}, {"nobody", password}, {"", ""}, {root, ""}, {"Root", password}, {"root ", password}, {"a\x00b\n", password},
	} {
		b := s.stranger()
		a := b.logIn(base, attempt[0], attempt[1], base+"/live")
		a.expect(http.StatusUnprocessableEntity, wrong)
		if a.find("#messages [role=alert]").Length() != 1 {
			t.Errorf("%q: not an alert", attempt)
		}
		if b.session() != "" {
			t.Errorf("%q: has a session", attempt)
		}
		if next := a.find("#login input[name=next]").AttrOr("value", ""); next != base+"/live" {
			t.Errorf("%q: forgets where to go: %q", attempt, next)
		}
		if typed := a.find("#password").AttrOr("value", ""); typed != "" {
			t.Errorf("%q: the page repeats the password", attempt)
		}
	}
}

func TestLoginChangesTheSession(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	first := b.session()
	if a := b.logIn(base, root, password, ""); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("second login: %d", a.StatusCode)
	}
	if b.session() == first || b.session() == "" {
		t.Error("the second login kept the session's id")
	}
	if a := s.stranger().get(base+"/", "Cookie", s.cookieName()+"="+first); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the first session lives on: %d", a.StatusCode)
	}
}

func TestGuessingIsSlowedDown(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		s.createSuperuser()
		b := s.stranger()
		for range auth.AttemptsPerPair {
			b.logIn(base, root, "wrong horse battery", "").expect(http.StatusUnprocessableEntity, wrong)
		}
		// Neither the right password nor another address that the client claims to have gets past it.
		for _, forwarded := range []string{"", "203.0.113.7"} {
			a := b.post(base+"/login", url.Values{"username": {root}, "password": {password}}, "X-Forwarded-For", forwarded)
			wait, err := strconv.Atoi(a.Header.Get("Retry-After"))
			if a.StatusCode != http.StatusTooManyRequests || err != nil || wait < 1 || wait > 60 || b.session() != "" {
				t.Errorf("attempt 6: %d, Retry-After %q", a.StatusCode, a.Header.Get("Retry-After"))
			}
			if a.find("#messages [role=alert]").Length() != 1 || a.find("form#login").Length() != 1 {
				t.Error("attempt 6 gets no message or no form")
			}
		}
		b.logIn(base, "someone else", password, "").expect(http.StatusUnprocessableEntity, wrong)
	})
}

// Where a login leads is the address's to say, as far as it is one of our own pages.
func TestNextLeadsOnlyToOwnPages(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{}, base, "/other", "/userlogger")
	home := base + "/"
	tests := map[string]string{
		"": home, "/": home, "x": home, "?x=1": home, "#x": home, ".": home,
		"//evil.example":                 home,
		"///e":                           home,
		"////evil.example/userlog/":      home,
		`/\evil`:                         home,
		`\\evil.example`:                 home,
		`/userlog/\evil`:                 home,
		"https:e":                        home,
		"https://evil.example/userlog/":  home,
		"//evil.example/userlog/":        home,
		"//user@evil.example/userlog/":   home,
		"javascript:alert(1)":            home,
		"\t//evil.example":               home,
		"/\t/evil.example":               home,
		"/\n/evil.example":               home,
		" //evil.example":                home,
		"/%09/evil.example":              home,
		"/%2f%2fevil.example":            home,
		"/%2fevil.example":               home,
		"/%5cevil.example":               home,
		"/userlog/%5c..%5cevil":          home,
		"/userlog/%0d%0aSet-Cookie:a=b":  home,
		"/userlog/../evil":               home,
		"/userlog/..%2fevil":             home,
		"/userlog/%2e%2e/evil":           home,
		"/other/":                        home,
		"/userlogger/":                   home,
		"/%75serlog/../x":                home,
		"/userlog/%zz":                   home,
		base:                             base,
		home:                             home,
		base + "/live/everyone":          base + "/live/everyone",
		base + "/static?username=a%2Fb":  base + "/static?username=a%2Fb",
		base + "/static?username=%5C":    base + "/static?username=%5C",
		base + "/static?username=..":     base + "/static?username=..",
		base + "/static?username=//evil": base + "/static?username=//evil",
		base + "/static#x":               base + "/static",
		base + "/live":                   base + "/live",

		base + "/static?username=" + strings.Repeat("a", 4096): home,
	}
	b := s.superuser()
	for next, want := range tests {
		target := base + "/login?" + url.Values{"next": {next}}.Encode()
		if got := s.stranger().get(target).find("#login input[name=next]").AttrOr("value", ""); got != want {
			t.Errorf("the form takes %q for %q, want %q", got, next, want)
		}
		if got := b.get(target).location(); got != want {
			t.Errorf("who is logged in is led to %q for %q, want %q", got, next, want)
		}
		if got := s.stranger().post(base+"/language", url.Values{"lang": {"fr"}, "next": {next}}).location(); got != want {
			t.Errorf("the language switch leads to %q for %q, want %q", got, next, want)
		}
	}
	for _, next := range []string{"//evil.example", `/\evil`, base + "/live"} {
		if got, want := s.stranger().logIn(base, root, password, next).location(), tests[next]; got != want {
			t.Errorf("a login leads to %q for %q, want %q", got, next, want)
		}
	}
}

// A browser that was logged in is told why it is not any more, in its language, and is led back after the login. Nobody
// else learns anything of accounts and sessions.
func TestTheLoginSaysHowASessionEnded(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	vera, other := s.viewer("vera"), s.stranger()
	const log = base + "/static?show=errors&username=ada"
	toLogin := func(b *browser) string {
		t.Helper()
		a, want := b.get(log), base+"/login?"+url.Values{"next": {log}}.Encode()
		if a.StatusCode != http.StatusSeeOther || a.location() != want {
			t.Fatalf("%d to %q, want %q", a.StatusCode, a.location(), want)
		}
		return a.location()
	}
	if err := s.accounts().EndSessions(t.Context(), "vera"); err != nil {
		t.Fatal(err)
	}
	vera.get(toLogin(vera)).expect(http.StatusOK, "Your session has ended. Log in to go on where you were.")
	vera.get(toLogin(vera), "Accept-Language", "de").expect(http.StatusOK, "Ihre Sitzung ist beendet. Melden Sie sich an, um dort weiterzumachen, wo Sie waren.")
	other.get(toLogin(other)).expect(http.StatusOK, "")
	if a := vera.logIn(base, "vera", password, log); a.location() != log {
		t.Errorf("the login leads to %q", a.location())
	}

	if err := s.accounts().Disable(t.Context(), "vera"); err != nil {
		t.Fatal(err)
	}
	const disabled = "The account vera has been disabled. Ask a superuser to enable it."
	vera.get(toLogin(vera)).expect(http.StatusOK, disabled)
	vera.logIn(base, "vera", password, log).expect(http.StatusUnprocessableEntity, disabled)
	other.logIn(base, "vera", password, log).expect(http.StatusUnprocessableEntity, wrong)
	vera.logIn(base, root, "wrong", log).expect(http.StatusUnprocessableEntity, wrong)
	open, err := auth.NewSessions(s.client, s.authKeys(), auth.SessionOptions{}).List(t.Context(), "vera")
	if err != nil || len(open) != 0 {
		t.Errorf("a disabled account has the sessions %v, %v", open, err)
	}
	if err := s.accounts().Enable(t.Context(), "vera"); err != nil {
		t.Fatal(err)
	}
	vera.get(toLogin(vera)).expect(http.StatusOK, "Your session has ended. Log in to go on where you were.")
}
