package handlers_test

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// signOn logs somebody in at the fake provider.
func (s *site) signOn(name, role string) *browser {
	s.t.Helper()
	b := s.stranger()
	b.get(base + "/sign-on")
	if a := b.backFromProvider("name", name, "role", role); a.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("%s can't log in: %d", name, a.StatusCode)
	}
	return b
}

// backFromProvider comes back from the fake provider with a query. Each has a state of its own, as at a real one.
func (b *browser) backFromProvider(query ...string) *answer {
	b.t.Helper()
	return b.get(base + "/sign-on/callback?" + form(append(query, "state", rand.Text())...).Encode())
}

// Somebody who has logged in at a provider changes nothing before it has asked again who she is. What she had typed is kept meanwhile.
func TestChangesAskTheProviderAgain(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{SingleSignOn: fakeProvider{}})
		b := s.signOn("vera", "superuser")
		stolen, strange := b.session(), "ve\"ra <&>é\u202e"
		for _, route := range s.engine.Routes() {
			name := route.Method + " " + strings.TrimPrefix(route.Path, base)
			if route.Method != http.MethodPost || audiences[name] == everybody {
				continue
			}
			a := b.post(route.Path, form("name", "eve", "role", "superuser", "label", "x", "days", "1", "id", "x"))
			if asks := a.find("#at-provider").Length() == 1; asks != proven[name] || asks && a.StatusCode != http.StatusForbidden {
				t.Errorf("%s: %d, asks: %t", name, a.StatusCode, asks)
			}
		}
		asked := b.post(base+"/accounts/create", url.Values{"name": {strange}, "role": {"viewer"}, "twice": {"1", "2"}})
		if href := asked.find("#at-provider").AttrOr("href", ""); !strings.HasPrefix(href, "https://login.example/?again") || b.session() != stolen {
			t.Errorf("the page leads to %q, or the session has changed", href)
		}
		back := b.backFromProvider("name", "vera", "role", "superuser")
		if back.StatusCode != http.StatusOK || back.find("#proof-form input[name=twice]").Length() != 2 || b.session() == stolen {
			t.Fatalf("%d, the form is not kept, or the session has its old secret: %s", back.StatusCode, back.body)
		}
		if _, err := s.accounts().Get(t.Context(), strange); err == nil {
			t.Error("the change is made without a click")
		}
		if done := back.again(b, ""); done.StatusCode != http.StatusSeeOther || s.account(strange).Name == "" {
			t.Fatalf("%d, %q", done.StatusCode, done.text("#messages"))
		}
		if a := b.post(base+"/accounts/disable", form("name", strange)); a.StatusCode != http.StatusSeeOther {
			t.Errorf("the next change: %d", a.StatusCode)
		}
		if a := s.stranger().get(base+"/", "Cookie", s.cookieName()+"="+stolen); a.StatusCode != http.StatusSeeOther {
			t.Errorf("a copy of the old cookie: %d", a.StatusCode)
		}
		if !slices.ContainsFunc(s.records(), func(r audit.Record) bool {
			return r.Action == audit.Login && r.Actor == "vera" && r.Detail == "asked again before a change"
		}) {
			t.Errorf("the proof is not written down: %q", s.audited())
		}
	})
}

// A proof that is none changes nothing, and says what to do. Nobody proves for another session.
func TestProofsAtTheProviderThatAreNone(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{SingleSignOn: fakeProvider{}})
	b := s.signOn("vera", "superuser")
	ask := func() *answer { return b.post(base+"/accounts/create", form("name", "eve", "role", "superuser")) }
	notYou := "Your provider has not confirmed that it is you. Nothing has changed. Try again, with the login that you have used before."
	for name, c := range map[string]struct {
		query  []string
		status int
		says   string
	}{
		"another person":       {[]string{"name", "bob", "role", "superuser"}, http.StatusForbidden, notYou},
		"another of her name":  {[]string{"name", "vera", "sub", "2", "role", "superuser"}, http.StatusForbidden, notYou},
		"without a role":       {[]string{"name", "vera"}, http.StatusForbidden, notYou},
		"a name that is none":  {[]string{"name", "a b", "role", "viewer"}, http.StatusForbidden, notYou},
		"she has given up":     {[]string{"error", "access_denied"}, http.StatusForbidden, notYou},
		"the provider is away": {[]string{"error", "away"}, http.StatusServiceUnavailable, "Your provider can’t be reached. Try again in a moment. If it lasts, tell whoever runs this site."},
		"it has not asked":     {[]string{"error", "silent"}, http.StatusForbidden, "Your provider did not ask again who you are. Nothing has changed. Try again. If it stays so, tell whoever runs this site: its log says what the provider lacks."},
	} {
		ask()
		a := b.backFromProvider(c.query...)
		a.expect(c.status, c.says)
		if a.find("#at-provider").Length() != 1 || ask().find("#at-provider").Length() != 1 {
			t.Errorf("%s: it counts as a proof, or can't be tried again", name)
		}
	}
	ask()
	attempt := b.cookies()
	other := s.signOn("vera", "superuser")
	other.jar.SetCookies(other.address(), slices.DeleteFunc(attempt, func(c *http.Cookie) bool { return !strings.HasSuffix(c.Name, ".sign-on") }))
	if a := other.backFromProvider("name", "vera", "role", "superuser"); a.StatusCode != http.StatusForbidden || a.find("#proof-form").Length() > 0 {
		t.Errorf("the proof of another session: %d", a.StatusCode)
	}
	if a := b.post(base+"/accounts/create", form("name", strings.Repeat("x", 1500), "role", "viewer")); a.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a form that does not fit: %d", a.StatusCode)
	}
	refused := func(r audit.Record) bool {
		return r.Action == audit.LoginFailed && r.Actor == "vera" && strings.HasPrefix(r.Detail, "another person")
	}
	if got := slices.DeleteFunc(s.records(), func(r audit.Record) bool { return !refused(r) }); len(got) != 2 {
		t.Errorf("%d attempts of others are written down", len(got))
	}
	if got := s.audited(); slices.ContainsFunc(got, func(r string) bool { return strings.Contains(r, "account-created") }) {
		t.Errorf("written down: %q", got)
	}
}
