package handlers_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// A cookie that somebody else has put into the browser before the login is worth nothing after it.
func TestACookieSetBeforeTheLoginIsNotTakenOver(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	s.createSuperuser()
	mallory := s.viewer("mallory")
	for what, planted := range map[string]string{
		"an invented session": strings.Repeat("A", 43),
		"a stranger's own":    mallory.session(),
		"nonsense":            "x",
	} {
		victim := s.stranger()
		a := victim.post(base+"/login", map[string][]string{"username": {root}, "password": {password}}, "Cookie", s.cookieName()+"="+planted)
		if a.StatusCode != http.StatusSeeOther || victim.session() == "" || victim.session() == planted {
			t.Fatalf("%s: %d, session %q", what, a.StatusCode, victim.session())
		}
		if page := s.stranger().get(base+"/", "Cookie", s.cookieName()+"="+planted); page.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: who planted it gets %d, with the account %q", what, page.StatusCode, page.text("header .account"))
		}
	}
}

// Cookies that are not ours, or not any longer, are nobody's: no page, and no key in Redis.
func TestCookiesThatAreNotOurs(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	valid := b.session()
	old := s.again()
	left := old.session()
	old.post(base+"/logout", nil)
	before := s.keys()
	for what, value := range map[string]string{
		"one of a session that was left": left,
		"an altered one":                 strings.ToUpper(valid[:20]) + strings.ToLower(valid[20:]),
		"a cut one":                      valid[:len(valid)-1],
		"one with something behind":      valid + "A",
		"one of 32 KB":                   strings.Repeat("A", 32<<10),
		"one of gorilla's":               "MTcwMDAwMDAwMHxEdi1CQkFFQ180SUFBUkFCRUFBQV83XzRJQUFB",
		"one of Django's":                "sessionid_0123456789abcdef",
		"a hash":                         strings.Repeat("0", 64),
		"a glob":                         "*",
		"a key":                          "userlog:session:*",
		"a quoted one":                   `"` + valid[1:] + `"`,
	} {
		for _, target := range []string{"/", "/static?username=ada", "/live/socket?username=ada"} {
			a := s.stranger().get(base+target, "Cookie", s.cookieName()+"="+value)
			if a.StatusCode != http.StatusSeeOther || len(a.Cookies()) != 0 {
				t.Errorf("%s: %s answers %d, cookies %v", what, target, a.StatusCode, a.Cookies())
			}
		}
		if a := s.stranger().post(base+"/logout", nil, "Cookie", s.cookieName()+"="+value); a.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: a logout answers %d", what, a.StatusCode)
		}
	}
	// Attempts to log in are forgotten meanwhile.
	if added := slices.DeleteFunc(s.keys(), func(key string) bool { return slices.Contains(before, key) }); len(added) > 0 {
		t.Errorf("keys before: %q, and now also: %q", before, added)
	}
	if a := b.get(base + "/"); a.StatusCode != http.StatusOK {
		t.Errorf("the one who is logged in: %d", a.StatusCode)
	}
}

// keys are all that Redis has of ours, in order, but for the logs of the application.
func (s *site) keys() []string {
	s.t.Helper()
	keys, err := s.client.Keys(s.t.Context(), "*").Result()
	if err != nil {
		s.t.Fatal(err)
	}
	keys = slices.DeleteFunc(keys, func(key string) bool { return strings.Contains(key, ":application") })
	slices.Sort(keys)
	return keys
}

// Whatever takes an account's rights away takes its pages away too, in every process that shares the
// Redis, and not only the one that was asked.
func TestRightsThatEndEndEverywhere(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	first, second := newSite(t, server.Client(t), handlers.Options{}), newSite(t, server.Client(t), handlers.Options{})
	first.createSuperuser()
	for what, end := range rightsEnd(first.accounts()) {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			b := first.enter(what, auth.Superuser)
			there := b.at(second)
			for _, page := range []*browser{b, there} {
				if a := page.get(base + "/audit"); a.StatusCode != http.StatusOK {
					t.Fatalf("before: %d", a.StatusCode)
				}
			}
			if err := end(t.Context(), what, b); err != nil {
				t.Fatal(err)
			}
			for _, page := range []*browser{b, there} {
				for _, target := range []string{"/audit", "/static?username=ada"} {
					if a := page.get(base + target); a.StatusCode != http.StatusSeeOther {
						t.Errorf("%s answers %d", target, a.StatusCode)
					}
				}
			}
		})
	}
}

// at is the same browser, with the same cookies, whose requests another process of the same host answers.
func (b *browser) at(other *site) *browser {
	there := *b
	there.site = other
	return &there
}

// rightsEnd are the ways in which an account's sessions end, by what they are.
func rightsEnd(accounts *auth.Accounts) map[string]func(context.Context, string, *browser) error {
	return map[string]func(context.Context, string, *browser) error{
		"logout": func(_ context.Context, _ string, b *browser) error {
			// A copy of the cookie is what the attacker has.
			b.http.Jar = nil
			b.post(base+"/logout", nil, "Cookie", b.site.cookieName()+"="+b.session())
			b.http.Jar = b.jar
			return nil
		},
		"demotion": func(ctx context.Context, name string, _ *browser) error {
			return accounts.SetRole(ctx, name, auth.Viewer)
		},
		"disabling": func(ctx context.Context, name string, _ *browser) error { return accounts.Disable(ctx, name) },
		"password": func(ctx context.Context, name string, _ *browser) error {
			_, err := accounts.SetPassword(ctx, name, "another battery staple")
			return err
		},
		"end-of-sessions": func(ctx context.Context, name string, _ *browser) error { return accounts.EndSessions(ctx, name) },
	}
}
