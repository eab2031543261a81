package handlers_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// way is a way to a user's log, or to everyone's.
type way struct {
	target   string
	headers  []string
	socket   bool // it is asked for an upgrade
	program  bool // it brings a token, and no cookie
	unlisted bool // it shows nothing of the log, and so is not written down
}

// waysToALog are all ways there are; that of "userlog tail" is in the tests of commands.
var waysToALog = map[string]way{
	"the static log":                {target: "/static?username=ada"},
	"its fragment":                  {target: "/static?username=ada", headers: []string{"HX-Request", "true"}},
	"the summary":                   {target: "/summary?username=ada"},
	"the page of a live log":        {target: "/live?username=ada", unlisted: true},
	"the page of everyone's":        {target: "/live/everyone", unlisted: true},
	"a live log":                    {target: "/live/socket?username=ada", socket: true},
	"everyone's live log":           {target: "/live/socket?everyone=1", socket: true},
	"a program":                     {target: "/api/log?username=ada", program: true},
	"a program's live log":          {target: "/live/socket?username=ada&format=json", socket: true, program: true},
	"a program's log of everyone's": {target: "/live/socket?everyone=1&format=json", socket: true, program: true},
}

// ask asks for a way in, with the cookies of a browser or with a token.
func (w way) ask(b *browser, token string) (status int, header http.Header, body string) {
	b.t.Helper()
	headers := slices.Clone(w.headers)
	if w.program {
		b, headers = b.site.stranger(), append(headers, "Authorization", "Bearer "+token, "Origin", "")
	}
	if w.socket {
		conn, response := b.dial(base+w.target, headers...)
		if conn != nil {
			conn.Close()
		}
		return response.StatusCode, response.Header, ""
	}
	a := b.get(base+w.target, headers...)
	return a.StatusCode, a.Header, a.body
}

// The same attacks on every way to a log. Each is answered alike, shows nothing of the log and leaves no
// record of a look.
func TestEveryWayToALogRefusesTheSame(t *testing.T) {
	t.Parallel()
	forbidden := func(way) int { return http.StatusForbidden }
	unavailable := func(way) int { return http.StatusServiceUnavailable }
	for _, c := range []struct {
		what    string
		options handlers.Options
		attack  func(s *site, b *browser) (*browser, string) // who asks then, with which token
		want    func(way) int
		passes  bool // ways that are not written down are let in all the same
	}{
		{"nobody is logged in", handlers.Options{}, func(s *site, _ *browser) (*browser, string) { return s.stranger(), "" }, loginStatus, false},
		{"an invented session and token", handlers.Options{}, func(s *site, b *browser) (*browser, string) {
			stranger := s.stranger()
			stranger.plant(strings.Repeat("A", 43))
			return stranger, auth.TokenPrefix + strings.Repeat("A", 43)
		}, loginStatus, false},
		{"the session has ended, and with it the token", handlers.Options{}, func(s *site, b *browser) (*browser, string) {
			token := s.token(root)
			if err := s.accounts().EndSessions(s.t.Context(), root); err != nil {
				s.t.Fatal(err)
			}
			return b, token
		}, loginStatus, false},
		{"the account is disabled", handlers.Options{}, func(s *site, b *browser) (*browser, string) {
			other, token := s.viewer("vera"), s.token("vera")
			if err := s.accounts().Disable(s.t.Context(), "vera"); err != nil {
				s.t.Fatal(err)
			}
			return other, token
		}, loginStatus, false},
		{"no reason is stated", handlers.Options{RequireReason: true}, func(s *site, b *browser) (*browser, string) {
			return b, s.token(root)
		}, forbidden, false},
		{"the reason is over", handlers.Options{RequireReason: true}, func(s *site, b *browser) (*browser, string) {
			s.setReason("ada", time.Now().Add(-time.Second))
			s.setReason("", time.Now().Add(-time.Second))
			return b, s.token(root)
		}, forbidden, false},
		{"the reason is another's", handlers.Options{RequireReason: true}, func(s *site, b *browser) (*browser, string) {
			s.setReason("grace", time.Now().Add(time.Hour))
			return b, s.token(root)
		}, forbidden, false},
		{"the allowance is used up", handlers.Options{}, func(s *site, b *browser) (*browser, string) {
			s.useUpAllowance(root, auth.ViaSession)
			s.useUpAllowance(root, auth.ViaToken)
			return b, s.token(root)
		}, func(way) int { return http.StatusTooManyRequests }, true},
		{"the audit log can't be written", handlers.Options{}, func(s *site, b *browser) (*browser, string) {
			s.loseAuditLog()
			return b, s.token(root)
		}, unavailable, true},
		{"the admin is closed", handlers.Options{}, func(s *site, b *browser) (*browser, string) {
			token := s.token(root)
			if err := s.admin.Close(s.t.Context()); err != nil {
				s.t.Fatal(err)
			}
			return b, token
		}, unavailable, true},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := newSite(t, redistest.Start(t).Client(t), c.options)
			b := s.superuser()
			s.record("ada", "/secret")
			b, token := c.attack(s, b)
			for name, w := range waysToALog {
				status, header, body := w.ask(b, token)
				if c.passes && w.unlisted {
					continue
				}
				if status != c.want(w) || strings.Contains(body, "secret") {
					t.Errorf("%s: %d, want %d", name, status, c.want(w))
				}
				if status == http.StatusTooManyRequests && header.Get("Retry-After") == "" {
					t.Errorf("%s: no Retry-After", name)
				}
			}
			if c.what == "the audit log can't be written" {
				return
			}
			for _, line := range s.audited() {
				if strings.Contains(line, " view ") || strings.Contains(line, " watch") {
					t.Errorf("written down is %q", line)
				}
			}
		})
	}
}

// loginStatus is how a way says that one has to log in.
func loginStatus(w way) int {
	switch {
	case w.program, w.socket, w.headers != nil:
		return http.StatusUnauthorized
	}
	return http.StatusSeeOther
}

// Every way is open to an account that may look. Its record names the account, the user and the reason.
func TestEveryWayToALogIsWrittenDown(t *testing.T) {
	t.Parallel()
	for name, w := range waysToALog {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, redistest.Start(t).Client(t), handlers.Options{RequireReason: true})
			b, token := s.superuser(), s.token(root)
			s.setReason("ada", time.Now().Add(time.Hour))
			s.setReason("", time.Now().Add(time.Hour))
			before := len(s.records())
			status, _, _ := w.ask(b, token)
			if want := map[bool]int{true: http.StatusSwitchingProtocols, false: http.StatusOK}[w.socket]; status != want {
				t.Fatalf("%d, want %d", status, want)
			}
			written := s.records()[before:]
			switch {
			case w.unlisted && len(written) != 0, !w.unlisted && len(written) != 1:
				t.Errorf("written down is %+v", written)
			case !w.unlisted && (written[0].Actor != root || written[0].Reason != "ticket 12" || written[0].Subject != map[bool]string{false: "ada"}[strings.Contains(w.target, "everyone")]):
				t.Errorf("written down is %+v", written[0])
			}
		})
	}
}

// plant gives the browser a session's cookie of somebody else's making.
func (b *browser) plant(value string) {
	b.jar.SetCookies(b.address(), []*http.Cookie{{Name: b.site.cookieName(), Value: value, Path: "/"}})
}

// setReason has root's reason for a log hold until then.
func (s *site) setReason(username string, until time.Time) {
	s.t.Helper()
	line, err := json.Marshal(auth.Reason{Text: "ticket 12", Until: until})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.client.Set(s.t.Context(), s.authKeys().Reason(root, username), line, time.Hour).Err(); err != nil {
		s.t.Fatal(err)
	}
}
