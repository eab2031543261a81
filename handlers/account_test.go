package handlers_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestAPasswordIsChangedByItsOwner(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		b := s.viewer("vera")
		elsewhere := s.stranger()
		elsewhere.logIn(base, "vera", password, "")
		token := s.token("vera")
		b.post(base+"/account/password", form("current", "wrong horse battery", "password", chosen)).expect(http.StatusUnprocessableEntity, "The current password is wrong. Try again. If you have forgotten it, ask a superuser for a one-time link.")
		short := b.post(base+"/account/password", form("current", password, "password", "tooshort"))
		short.expect(http.StatusUnprocessableEntity, "The new password is too short. Use 12 characters or more.")
		b.post(base+"/account/password", form("current", password, "password", "Vera-userlog-2026")).expect(http.StatusUnprocessableEntity, passwordOfNames)
		if strings.Contains(short.body, password) || strings.Contains(short.body, "tooshort") {
			t.Error("the page repeats a password")
		}
		before := b.session()
		a := b.post(base+"/account/password", form("current", password, "password", chosen))
		if a.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d, %q", a.StatusCode, a.text("#messages"))
		}
		b.get(a.location()).expect(http.StatusOK, "Your password has been changed. Your other sessions and your tokens have ended.")
		if b.session() == before || b.session() == "" {
			t.Error("the session was kept, or lost")
		}
		if a := elsewhere.get(base + "/"); a.StatusCode != http.StatusSeeOther {
			t.Errorf("the other session goes on: %d", a.StatusCode)
		}
		if a := s.stranger().get(base+"/api/users", "Authorization", "Bearer "+token); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("the token goes on: %d", a.StatusCode)
		}
		if a := s.stranger().logIn(base, "vera", chosen, ""); a.StatusCode != http.StatusSeeOther {
			t.Errorf("the new password: %d", a.StatusCode)
		}
		if got := s.audited(); !slices.Contains(got, "vera password-set vera") || !slices.Contains(got, "vera login-failed") {
			t.Errorf("written down is %q", got)
		}
	})
}

// Somebody who finds a browser open must not guess the password there either.
func TestGuessingTheCurrentPasswordIsSlowedDown(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.viewer("vera")
	for range auth.AttemptsPerPair {
		b.post(base+"/account/password", form("current", "wrong horse battery", "password", chosen))
	}
	a := b.post(base+"/account/password", form("current", password, "password", chosen))
	if a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
		t.Errorf("attempt %d: %d", auth.AttemptsPerPair+1, a.StatusCode)
	}
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		b := s.viewer("vera")
		phone := s.stranger()
		phone.post(base+"/login", form("username", "vera", "password", password), "User-Agent", "Mozilla/5.0 (iPhone) Safari/604.1")
		list := b.get(base + "/account")
		rows := list.find("#sessions tbody tr")
		if rows.Length() != 2 || rows.Find(".own").Length() != 1 || !strings.Contains(rows.Text(), "Safari · iPhone") || !strings.Contains(rows.Text(), "127.0.0.1") {
			t.Fatalf("the sessions are %q", list.text("#sessions tbody"))
		}
		id := list.find("#sessions tr:contains('iPhone') input[name=id]").AttrOr("value", "")
		if strings.Contains(list.body, b.session()) || id == phone.session() {
			t.Error("the page holds a cookie")
		}
		a := b.post(base+"/account/session", form("id", id))
		b.get(a.location()).expect(http.StatusOK, "The session has ended.")
		if a := phone.get(base + "/"); a.StatusCode != http.StatusSeeOther {
			t.Errorf("the session goes on: %d", a.StatusCode)
		}
		b.post(base+"/account/session", form("id", id)).expect(http.StatusUnprocessableEntity, "The session has ended already. There is nothing left to do.")

		own := b.get(base+"/account").find("#sessions input[name=id]").AttrOr("value", "")
		if a := b.post(base+"/account/session", form("id", own)); a.location() != base+"/login?out=1" || b.session() != "" {
			t.Errorf("ending this session: %d to %q", a.StatusCode, a.location())
		}
	})
}

func TestLogOutEverywhere(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.viewer("vera")
	other := s.stranger()
	other.logIn(base, "vera", password, "")
	if a := b.post(base+"/account/sessions", nil); a.location() != base+"/login?out=1" || b.session() != "" || a.Header.Get("Clear-Site-Data") != `"cache"` {
		t.Errorf("%d to %q", a.StatusCode, a.location())
	}
	if a := other.get(base + "/"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the other session goes on: %d", a.StatusCode)
	}
	if got := s.audited(); !slices.Contains(got, "vera sessions-ended vera") {
		t.Errorf("written down is %q", got)
	}
}

func TestATokenIsShownOnceAndRevoked(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		b := s.viewer("vera")
		made := b.post(base+"/account/token", form("label", "weekly report", "days", "7"))
		made.expect(http.StatusOK, "The token for weekly report has been created.")
		token := made.text("#secret")
		reads := func() int {
			return s.stranger().get(base+"/api/users", "Authorization", "Bearer "+token).StatusCode
		}
		if reads() != http.StatusOK {
			t.Fatalf("the token %q gets %d", token, reads())
		}
		list := b.get(base + "/account")
		if strings.Contains(list.body, token) || list.text("#tokens td.name") != "weekly report" {
			t.Errorf("the list holds %q", list.text("#tokens tbody"))
		}
		id := list.find("#tokens input[name=id]").AttrOr("value", "")
		a := b.post(base+"/account/token/revoke", form("id", id))
		b.get(a.location()).expect(http.StatusOK, "The token has been revoked.")
		if reads() != http.StatusUnauthorized {
			t.Errorf("revoked, the token gets %d", reads())
		}
		b.post(base+"/account/token/revoke", form("id", id)).expect(http.StatusUnprocessableEntity, "The token has ended already. There is nothing left to do.")
		if got := s.audited(); !slices.Contains(got, "vera token-created vera") || !slices.Contains(got, "vera token-revoked vera") {
			t.Errorf("written down is %q", got)
		}
	})
}

func TestTokensThatCannotBe(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.viewer("vera")
	const label, days = "The token needs a few words on what it is for. Use 1 to 60 characters.", "A token can’t live that long, or that short. Choose one of the list."
	for _, test := range []struct{ label, days, says string }{
		{"", "7", label},
		{strings.Repeat("x", 61), "7", label},
		{"a\nb", "7", label},
		{"x", "", days},
		{"x", "0", days},
		{"x", "-1", days},
		{"x", "366", days},
		{"x", "106752", days},
		{"x", "99999999999999999999", days},
	} {
		a := b.post(base+"/account/token", form("label", test.label, "days", test.days))
		a.expect(http.StatusUnprocessableEntity, test.says)
		if typed := a.find("#label").AttrOr("value", ""); typed != test.label {
			t.Errorf("the form has forgotten %q: %q", test.label, typed)
		}
	}
}

// One's own means one's own: ids in the forms are the reader's to edit.
func TestNobodyEndsWhatIsAnothers(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b, vera := s.superuser(), s.viewer("vera")
	token := b.post(base+"/account/token", form("label", "x", "days", "1")).text("#secret")
	page := b.get(base + "/account")
	session, tokenID := page.find("#sessions input[name=id]").AttrOr("value", ""), page.find("#tokens input[name=id]").AttrOr("value", "")
	vera.post(base+"/account/session", form("id", session, "account", root, "name", root)).expect(http.StatusUnprocessableEntity, "The session has ended already. There is nothing left to do.")
	vera.post(base+"/account/token/revoke", form("id", tokenID, "account", root, "name", root)).expect(http.StatusUnprocessableEntity, "The token has ended already. There is nothing left to do.")
	if a := b.get(base + "/"); a.StatusCode != http.StatusOK {
		t.Errorf("a viewer has ended a superuser's session: %d", a.StatusCode)
	}
	if a := s.stranger().get(base+"/api/users", "Authorization", "Bearer "+token); a.StatusCode != http.StatusOK {
		t.Errorf("a viewer has revoked a superuser's token: %d", a.StatusCode)
	}
}

func TestTheOwnAccountWithoutOurLogin(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{Identify: hostLogin})
	as := []string{"X-Host-User", root}
	sections := func() string {
		a := s.stranger().get(base+"/account", as...)
		if a.StatusCode != http.StatusOK {
			t.Fatal(a.StatusCode)
		}
		return strings.Join(a.texts("h2"), ", ")
	}
	if got := sections(); got != "Keys" {
		t.Errorf("without an account: %q", got)
	}
	s.createSuperuser()
	if got := sections(); got != "Tokens for programs, Keys" {
		t.Errorf("with an account: %q", got)
	}
	made := s.stranger().post(base+"/account/token", form("label", "x", "days", "1"), as...)
	if made.StatusCode != http.StatusOK {
		t.Errorf("a token: %d", made.StatusCode)
	}
}
