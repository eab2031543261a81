package handlers_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestWhoLooksIsWrittenDown(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		b := s.superuser()
		s.record("ada", "/1")
		for range 3 {
			b.get(base + "/static?username=ada")
			b.get(base+"/static?username=ada", "HX-Request", "true")
		}
		live, _ := b.dial(base + "/live/socket?username=ada&format=json")
		everyone, _ := b.dial(base + "/live/socket?everyone=1&format=json")
		readPath(t, live)
		readPath(t, everyone)
		s.stranger().get(base+"/api/log?username=ada", "Authorization", "Bearer "+s.token(root))
		b.post(base+"/logout", nil)
		want := []string{"root login", "root view ada", "root watch ada", "root watch-everyone", "root view ada", "root logout"}
		if got := s.audited(); !slices.Equal(got, want) {
			t.Errorf("written down: %q, want %q", got, want)
		}
		if r := s.records()[4]; r.Via != string(auth.ViaToken) || r.Role != string(auth.Superuser) || r.Address != "127.0.0.1" {
			t.Errorf("the program's view is %+v", r)
		}
		if err := s.admin.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := s.audited(); !slices.Equal(got, want) {
			t.Errorf("after the end of the process: %q, want %q", got, want)
		}
		if n := s.client.HLen(t.Context(), s.auditKeys().Viewings()).Val(); n != 4 {
			t.Errorf("%d viewings go on elsewhere, want 4", n)
		}
	})
}

func TestFailedLoginsAreWrittenDown(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	s.createSuperuser()
	b := s.stranger()
	b.logIn(base, root, "a wrong password", "")
	b.logIn(base, "correct horse battery staple", "typed into the wrong field", "")
	records := s.records()
	if len(records) != 2 || records[0].Actor != root || records[0].Action != audit.LoginFailed || records[1].Actor != "" {
		t.Fatalf("written down: %+v", records)
	}
	for _, r := range records {
		if line, err := r.MarshalJSON(); err != nil || strings.Contains(string(line), "horse") || strings.Contains(string(line), "wrong") {
			t.Errorf("%s, %v", line, err)
		}
	}
}

// Where the audit log can't be written, nothing is shown and nobody gets in.
func TestNobodyLooksUnrecorded(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b, token := s.superuser(), s.token(root)
	s.record("ada", "/secret")
	s.loseAuditLog()
	for _, target := range []string{"/static?username=ada", "/summary?username=ada", "/audit", "/audit/export?format=csv"} {
		for _, headers := range [][]string{nil, {"HX-Request", "true"}} {
			if a := b.get(base+target, headers...); a.StatusCode != http.StatusServiceUnavailable || strings.Contains(a.body, "secret") {
				t.Errorf("%s, %v: %d", target, headers, a.StatusCode)
			}
		}
	}
	for _, query := range []string{"username=ada", "everyone=1"} {
		if conn, response := b.dial(base + "/live/socket?format=json&" + query); conn != nil || response.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("a socket for %s: %d", query, response.StatusCode)
		}
	}
	if a := s.stranger().get(base+"/api/log?username=ada", "Authorization", "Bearer "+token); a.StatusCode != http.StatusServiceUnavailable || strings.Contains(a.body, "secret") {
		t.Errorf("a program: %d", a.StatusCode)
	}
	again := s.stranger()
	if a := again.logIn(base, root, password, ""); a.StatusCode != http.StatusServiceUnavailable || again.session() != "" {
		t.Errorf("a login: %d", a.StatusCode)
	}
	if a := again.logIn(base, root, "a wrong password", ""); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a login that fails: %d", a.StatusCode)
	}
	if a := b.post(base+"/logout", nil); a.StatusCode != http.StatusSeeOther || b.session() != "" {
		t.Errorf("a logout: %d", a.StatusCode)
	}
}

func TestReasonIsAskedFor(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{RequireReason: true})
		b := s.superuser()
		s.record("ada", "/secret")
		for _, target := range []string{"/static?username=ada", "/summary?username=ada", "/live?username=ada", "/live/everyone"} {
			a := b.get(base + target)
			if a.StatusCode != http.StatusForbidden || a.find("#reason-form input[name=reason]").Length() != 1 || strings.Contains(a.body, "secret") {
				t.Errorf("%s: %d", target, a.StatusCode)
			}
		}
		if a := b.get(base+"/static?username=ada", "HX-Request", "true"); a.StatusCode != http.StatusForbidden || a.Header.Get("HX-Refresh") != "true" || a.body != "" {
			t.Errorf("a refresh: %d, %q", a.StatusCode, a.body)
		}
		if conn, response := b.dial(base + "/live/socket?username=ada"); conn != nil || response.StatusCode != http.StatusForbidden {
			t.Errorf("a socket: %d", response.StatusCode)
		}
		form := b.get(base + "/static?username=ada")
		next := form.find("#reason-form input[name=next]").AttrOr("value", "")
		for _, empty := range []string{"", "  ", "a\nb", strings.Repeat("x", auth.MaxReason+1)} {
			b.post(base+"/reason", url.Values{"username": {"ada"}, "reason": {empty}, "next": {next}}).
				expect(http.StatusUnprocessableEntity, "State the reason in 1 to 300 characters, on one line.")
		}
		stated := b.post(base+"/reason", url.Values{"username": {"ada"}, "reason": {"ticket 12"}, "next": {next}})
		if stated.StatusCode != http.StatusSeeOther || stated.location() != base+"/static?username=ada" {
			t.Fatalf("stated: %d to %q", stated.StatusCode, stated.location())
		}
		page := b.get(stated.location())
		page.expect(http.StatusOK, "Logs found for ada.")
		if left := page.find(".reason").AttrOr("data-left", ""); !strings.Contains(page.text(".reason"), "Your reason: ticket 12") || left < "1700" || left > "1800" {
			t.Errorf("in sight: %q with %s s left", page.text(".reason"), left)
		}
		if a := b.get(base + "/summary?username=ada"); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "/secret") {
			t.Errorf("the summary: %d, %q", a.StatusCode, a.body)
		}
		for _, target := range []string{"/static?username=bob", "/summary?username=bob", "/live/everyone"} {
			if a := b.get(base + target); a.StatusCode != http.StatusForbidden {
				t.Errorf("%s: %d", target, a.StatusCode)
			}
		}
		viewed := s.records()[len(s.records())-1]
		if got := s.audited(); !slices.Equal(got, []string{"root login", "root reason-stated ada", "root view ada"}) || viewed.Reason != "ticket 12" {
			t.Errorf("written down: %q, %+v", got, viewed)
		}
		if err := s.client.Del(t.Context(), s.authKeys().Reason(root, "ada")).Err(); err != nil {
			t.Fatal(err)
		}
		if a := b.get(base + "/static?username=ada"); a.StatusCode != http.StatusForbidden {
			t.Errorf("after its time: %d", a.StatusCode)
		}
	})
}

func TestAReasonLeadsOnlyToOurOwnPages(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{RequireReason: true})
	b := s.superuser()
	for _, next := range []string{"https://evil.example/", "//evil.example", `/\evil`, ""} {
		if a := b.post(base+"/reason", url.Values{"reason": {"x"}, "next": {next}}); a.location() != base+"/" {
			t.Errorf("%q leads to %q", next, a.location())
		}
	}
}

func TestProgramsStateTheirReason(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{RequireReason: true})
	s.createSuperuser()
	s.record("ada", "/1")
	program, bearer := s.stranger(), "Bearer "+s.token(root)
	if a := program.get(base+"/api/log?username=ada", "Authorization", bearer); a.StatusCode != http.StatusForbidden {
		t.Errorf("without a reason: %d", a.StatusCode)
	}
	if conn, a := program.dial(base+"/live/socket?everyone=1&format=json", "Authorization", bearer, "Origin", ""); conn != nil || a.StatusCode != http.StatusForbidden {
		t.Errorf("a socket without a reason: %d", a.StatusCode)
	}
	if a := program.get(base+"/api/log?username=ada&reason=audit+7", "Authorization", bearer); a.StatusCode != http.StatusOK {
		t.Errorf("with a reason: %d %s", a.StatusCode, a.body)
	}
	if a := program.get(base+"/api/log?username=ada", "Authorization", bearer); a.StatusCode != http.StatusOK {
		t.Errorf("while it holds: %d", a.StatusCode)
	}
	if conn, a := program.dial(base+"/live/socket?everyone=1&format=json&reason=audit+7", "Authorization", bearer, "Origin", ""); conn == nil {
		t.Errorf("a socket with a reason: %d", a.StatusCode)
	}
}
