package handlers_test

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// A viewer who repeats what is recorded, refused or not, leaves a bounded number of records, and the
// other accounts what is theirs.
func TestNobodyFloodsTheAuditLog(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		b, other := s.viewer("mallory"), s.viewer("vera")
		begun, before, refused := time.Now(), len(s.records()), 0
		const attempts = auth.RecordedAtOnce + 80
		for n := range attempts {
			if n%2 == 0 {
				refused += s.count429(b.post(base+"/account/token/revoke", form("id", strconv.Itoa(n))))
			} else {
				refused += s.count429(b.get(base + "/static?username=user" + strconv.Itoa(n)))
			}
		}
		allowed := auth.RecordedAtOnce + 1 + int(time.Since(begun)*auth.RecordedPerMinute/time.Minute)
		if refused < attempts-allowed || refused > attempts-auth.RecordedAtOnce {
			t.Errorf("%d of %d attempts were refused", refused, attempts)
		}
		if written := len(s.records()) - before; written > 2*allowed {
			t.Errorf("%d records were written, of %d attempts that were allowed", written, allowed)
		}
		if a := other.get(base + "/static?username=ada"); a.StatusCode != http.StatusOK {
			t.Errorf("another account gets %d", a.StatusCode)
		}
	})
}

// count429 counts an answer that refuses too much, which has to say when to try again.
func (s *site) count429(a *answer) int {
	s.t.Helper()
	if a.StatusCode != http.StatusTooManyRequests {
		return 0
	}
	if wait, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || wait < 1 {
		s.t.Errorf("%s: Retry-After is %q", a.Request.URL, a.Header.Get("Retry-After"))
	}
	return 1
}

// useUpAllowance lets an account have nothing recorded for an hour. What is counted is a time, and kept until that has passed.
func (s *site) useUpAllowance(account string, via auth.Via) {
	s.t.Helper()
	if _, err := auth.NewAllowance(s.logs.Client(), s.authKeys()).Take(s.t.Context(), account, via); err != nil {
		s.t.Fatal(err)
	}
	key := s.authKeys().Recorded(account, string(via))
	if err := errors.Join(s.client.IncrByFloat(s.t.Context(), key, 3600).Err(), s.client.Persist(s.t.Context(), key).Err()); err != nil {
		s.t.Fatal(err)
	}
}

// Whatever is recorded each time it is asked for is refused before it is.
func TestEverythingThatIsRecordedIsLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{RequireReason: true, Destinations: sending().Destinations})
	b, bearer := s.superuser(), "Bearer "+s.token(root)
	reasons := auth.NewReasons(s.logs.Client(), s.authKeys())
	for _, username := range []string{"ada", root, ""} {
		if err := reasons.State(t.Context(), root, username, "ticket 12"); err != nil {
			t.Fatal(err)
		}
	}
	s.useUpAllowance(root, auth.ViaSession)
	s.useUpAllowance(root, auth.ViaToken)
	before := s.audited()
	limited := func(a *answer) {
		t.Helper()
		if s.count429(a) == 0 {
			t.Errorf("%s %s answers %d", a.Request.Method, a.Request.URL, a.StatusCode)
		}
	}
	for _, route := range s.engine.Routes() {
		if boundOf(route) == byAllowance && route.Method == http.MethodPost {
			limited(b.post(route.Path, everyField))
		}
	}
	for _, target := range []string{"/static?username=ada", "/summary?username=ada", "/audit", "/audit/export?format=csv"} {
		a := b.get(base + target)
		limited(a)
		a.expect(http.StatusTooManyRequests, "You asked for more than is allowed at a time. Close pages that you don’t need, wait a moment and try again.")
	}
	for _, query := range []string{"username=ada", "everyone=1"} {
		for _, headers := range [][]string{nil, {"Authorization", bearer, "Origin", ""}} {
			if conn, response := b.dial(base+"/live/socket?"+query, headers...); conn != nil || response.StatusCode != http.StatusTooManyRequests || response.Header.Get("Retry-After") == "" {
				t.Errorf("a socket for %s: %d", query, response.StatusCode)
			}
		}
	}
	for _, query := range []string{"username=ada", "username=grace&reason=ticket+13"} {
		a := s.stranger().get(base+"/api/log?"+query, "Authorization", bearer)
		if limited(a); !strings.HasPrefix(a.body, `{"error":"`) {
			t.Errorf("a program is told %q", a.body)
		}
	}
	for _, route := range s.engine.Routes() {
		if boundOf(route) == writesNothing {
			b.do(route.Method, targetOf(route)+"?username=ada&format=csv", strings.NewReader(everyField.Encode()), "Content-Type", "application/x-www-form-urlencoded")
		}
	}
	if after := s.audited(); !slices.Equal(before, after) {
		t.Errorf("written down: %q", after[len(before):])
	}
	if a := b.post(base+"/account/sessions", nil); a.StatusCode != http.StatusSeeOther || b.session() != "" {
		t.Errorf("all sessions can't be ended: %d", a.StatusCode)
	}
}

// What is open already goes on, also at another process or after a restart.
func TestAViewGoesOnWithoutAllowance(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	b.get(base + "/static?username=ada")
	s.useUpAllowance(root, auth.ViaSession)
	if a := b.get(base + "/static?username=ada"); a.StatusCode != http.StatusOK {
		t.Errorf("looked at again: %d", a.StatusCode)
	}
	if err := s.admin.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := newSite(t, s.client, handlers.Options{})
	if a := b.at(other).get(base + "/static?username=ada"); a.StatusCode != http.StatusOK {
		t.Errorf("looked at elsewhere: %d", a.StatusCode)
	}
	if a := b.at(other).get(base + "/static?username=grace"); a.StatusCode != http.StatusTooManyRequests {
		t.Errorf("looked at somebody else there: %d", a.StatusCode)
	}
	if got, want := s.audited(), []string{"root login", "root view ada"}; !slices.Equal(got, want) {
		t.Errorf("written down: %q, want %q", got, want)
	}
}
