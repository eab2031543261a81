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

const (
	chosen  = "a password of her own"
	badLink = "The link is wrong, has expired, or was used already. Check username and code, or ask a superuser for a new link."
)

func TestALinkSetsThePasswordAndLogsIn(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		secret := secretOf(s.superuser().created("vera", auth.Viewer))
		b := s.stranger()
		page := b.get(base + "/password?username=vera")
		page.expect(http.StatusOK, "")
		if name := page.find("#username").AttrOr("value", ""); name != "vera" {
			t.Errorf("the form is for %q", name)
		}
		if field := page.find("input[type=password][name=password][autocomplete=new-password]"); field.Length() != 1 {
			t.Error("no field that a password manager knows for a new password")
		}
		a := b.post(base+"/password", form("username", "vera", "code", secret, "password", chosen))
		if a.StatusCode != http.StatusSeeOther || a.location() != base+"/" {
			t.Fatalf("%d to %q, %q", a.StatusCode, a.location(), a.text("#messages"))
		}
		if home := b.get(a.location()); home.StatusCode != http.StatusOK || !strings.Contains(home.text("header .account"), "vera") {
			t.Errorf("home: %d, %q", home.StatusCode, home.text("header .account"))
		}
		b.get(base+"/accounts").expect(http.StatusForbidden, "Your account may not see this page. If you need it, ask a superuser.")
		if again := s.stranger().logIn(base, "vera", chosen, ""); again.StatusCode != http.StatusSeeOther {
			t.Errorf("her password: %d", again.StatusCode)
		}
		reused := s.stranger()
		reused.post(base+"/password", form("username", "vera", "code", secret, "password", "another good password")).expect(http.StatusUnprocessableEntity, badLink)
		if reused.session() != "" {
			t.Error("a used link logs in")
		}
		records := s.audited()
		for _, want := range []string{"vera password-set vera", "vera login", "vera login-failed"} {
			if !slices.Contains(records, want) {
				t.Errorf("%q is not among %q", want, records)
			}
		}
	})
}

func TestLinksThatDontWork(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	first := secretOf(b.created("vera", auth.Viewer))
	second := secretOf(b.post(base+"/accounts/link", form("name", "vera")).text("#secret"))
	for what, link := range map[string]struct{ name, code string }{
		"replaced": {"vera", first}, "forged": {"vera", flipped(second)}, "none": {"vera", ""},
		"another's": {root, second}, "nobody's": {"nobody", second}, "impossible": {"a\x00", second}, "long": {"vera", strings.Repeat("A", 5000)},
	} {
		stranger := s.stranger()
		a := stranger.post(base+"/password", form("username", link.name, "code", link.code, "password", chosen), "X-Forwarded-For", "203.0.113.1")
		if a.text("#messages") != badLink || a.StatusCode != http.StatusUnprocessableEntity || stranger.session() != "" {
			t.Errorf("%s: %d, %q", what, a.StatusCode, a.text("#messages"))
		}
		if a.find("#code").AttrOr("value", "") != link.code || strings.Contains(a.body, chosen) {
			t.Errorf("%s: the form has lost the code, or shows the password", what)
		}
	}
	if s.account("vera").HasPassword {
		t.Error("a wrong link has set a password")
	}
}

func TestAPasswordThatIsRefusedLeavesTheLinkUsable(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	secret := secretOf(s.superuser().created("vera", auth.Viewer))
	b := s.stranger()
	for refused, says := range map[string]string{
		"short":                   "The new password is too short. Use 12 characters or more.",
		strings.Repeat("x", 1025): "The new password is too long. Use fewer than 1,000 characters.",
		"password1234":            "The new password is one of the most common ones. Choose another, which nobody would try first.",
	} {
		a := b.post(base+"/password", form("username", "vera", "code", secret, "password", refused))
		a.expect(http.StatusUnprocessableEntity, says)
		if a.find("#code").AttrOr("value", "") != secret || a.find("#username").AttrOr("value", "") != "vera" {
			t.Errorf("%s: what was typed is lost", says)
		}
		if a.find("#new-password[value]").Length() != 0 || strings.Contains(a.body, `"`+refused+`"`) {
			t.Errorf("%s: the page repeats the password", says)
		}
	}
	if a := b.post(base+"/password", form("username", "vera", "code", secret, "password", chosen)); a.StatusCode != http.StatusSeeOther {
		t.Errorf("a good one: %d, %q", a.StatusCode, a.text("#messages"))
	}
}

// Nor is a password set that is made of the account's name, the watched site's, or that of the host by which the browser knows us.
func TestAPasswordMadeOfNamesIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{SiteURL: "https://relay.example.com"})
	secret := secretOf(s.superuser().created("vera", auth.Viewer))
	b := s.stranger()
	b.host = "helpdesk.test"
	for _, refused := range []string{"vera-vera-vera", "Relay-Example", "he1pdesk.test"} {
		a := b.post(base+"/password", form("username", "vera", "code", secret, "password", refused))
		a.expect(http.StatusUnprocessableEntity, passwordOfNames)
	}
	if a := b.post(base+"/password", form("username", "vera", "code", secret, "password", chosen)); a.StatusCode != http.StatusSeeOther {
		t.Errorf("a good one: %d, %q", a.StatusCode, a.text("#messages"))
	}
}

const passwordOfNames = "The new password is made of the name of the account, of the site or of this program. Choose another, of words that have nothing to do with them."

func TestGuessingLinksIsSlowedDown(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	secret := secretOf(s.superuser().created("vera", auth.Viewer))
	b := s.stranger()
	for range auth.AttemptsPerPair {
		b.post(base+"/password", form("username", "vera", "code", "guess", "password", chosen)).expect(http.StatusUnprocessableEntity, badLink)
	}
	a := b.post(base+"/password", form("username", "vera", "code", secret, "password", chosen))
	if a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" || b.session() != "" {
		t.Errorf("attempt %d: %d", auth.AttemptsPerPair+1, a.StatusCode)
	}
	if a.find("#code").AttrOr("value", "") != secret || strings.Contains(a.body, chosen) {
		t.Error("the form has lost the code, or shows the password")
	}
}

// flipped is a code of which one character is another.
func flipped(code string) string {
	if code[0] == 'A' {
		return "B" + code[1:]
	}
	return "A" + code[1:]
}
