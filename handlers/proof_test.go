package handlers_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// proven are the routes that ask for the password again, below the admin's path. They are all that change an account, a link or a
// token, but for those that ask for a password anyway, and the one that ends everything.
var proven = map[string]bool{
	"POST /recording":       true,
	"POST /accounts/create": true, "POST /accounts/disable": true, "POST /accounts/enable": true, "POST /accounts/role": true,
	"POST /accounts/sessions": true, "POST /accounts/link": true,
	"POST /account/session": true, "POST /account/token": true, "POST /account/token/revoke": true,
	"POST /accounts/second-factor": true, "POST /account/second-factor/begin": true, "POST /account/second-factor/app": true,
	"POST /account/second-factor/app/remove": true, "POST /account/second-factor/codes": true,
	"POST /account/second-factor/passkey": true, "POST /account/second-factor/passkey/remove": true,
}

// outdate lets the proofs of all sessions be of long ago.
func (s *site) outdate() {
	s.t.Helper()
	ctx := s.t.Context()
	sessions, err := s.client.ZRange(ctx, s.logs.KeyPrefix()+"sessions:"+root, 0, -1).Result()
	if err != nil {
		s.t.Fatal(err)
	}
	more, err := s.client.ZRange(ctx, s.logs.KeyPrefix()+"sessions:vera", 0, -1).Result()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, id := range append(sessions, more...) {
		key := s.logs.KeyPrefix() + "session:" + id
		line, err := s.client.Get(ctx, key).Bytes()
		if err != nil {
			s.t.Fatal(err)
		}
		var stored map[string]any
		if err := json.Unmarshal(line, &stored); err != nil {
			s.t.Fatal(err)
		}
		stored["proven"] = stored["proven"].(float64) - auth.ProofLifetime.Seconds()
		if line, err = json.Marshal(stored); err != nil {
			s.t.Fatal(err)
		}
		if err := s.client.SetArgs(ctx, key, line, redis.SetArgs{KeepTTL: true}).Err(); err != nil {
			s.t.Fatal(err)
		}
	}
}

// again sends the form of a page that asks for the password, with one.
func (a *answer) again(b *browser, password string) *answer {
	a.t.Helper()
	form := url.Values{"proof": {password}}
	for _, field := range a.find("#proof-form input[name][type=hidden]").EachIter() {
		form.Add(field.AttrOr("name", ""), field.AttrOr("value", ""))
	}
	return b.post(a.find("#proof-form").AttrOr("action", ""), form)
}

// Somebody who finds a browser open, or has stolen its session, changes no account and makes no token: the whole list of routes is asked.
func TestChangesAskForThePasswordAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{Passkeys: &device{}})
	b := s.superuser()
	s.create("vera", auth.Viewer)
	s.outdate()
	before, asked := s.audited(), 0
	for _, route := range s.engine.Routes() {
		name := route.Method + " " + strings.TrimPrefix(route.Path, base)
		if route.Method != http.MethodPost || audiences[name] == everybody || strings.HasSuffix(name, "/account/sessions") {
			continue
		}
		a := b.post(route.Path, form("name", "vera", "role", "superuser", "label", "x", "days", "1", "id", "x"))
		if asks := a.find("#proof-form").Length() == 1; asks != proven[name] || asks && a.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d, asks: %t", name, a.StatusCode, asks)
		} else if asks {
			asked++
		}
	}
	after := slices.DeleteFunc(s.audited(), func(r string) bool { return slices.Contains(before, r) })
	if want := []string{"root login-failed"}; asked != len(proven) || !slices.Equal(after, want) || s.account("vera").Role != auth.Viewer {
		t.Errorf("asked %d times of %d; written down is %q, want %q; vera is %+v", asked, len(proven), after, want, s.account("vera"))
	}
	if got := b.get(base + "/accounts"); got.StatusCode != http.StatusOK {
		t.Errorf("what changes nothing: %d", got.StatusCode)
	}
}

// What was typed is done once the password is right, and then nothing is asked for a while.
func TestAFormIsKeptWhileThePasswordIsAsked(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		b := s.superuser()
		s.outdate()
		stolen, strange := b.session(), "ve\"ra <&>é\u202e"
		asked := b.post(base+"/accounts/create", url.Values{"name": {strange}, "role": {"viewer"}, "twice": {"1", "2"}})
		if got := asked.find("#proof-form input[name=twice]").Length(); got != 2 || asked.find("#proof-form input[name=name]").AttrOr("value", "") != strange {
			t.Errorf("the form is not kept: %s", asked.body)
		}
		if b.session() != stolen {
			t.Error("a question has changed the session")
		}
		wrong := asked.again(b, "wrong horse battery")
		wrong.expect(http.StatusUnprocessableEntity, "The password is wrong. Try again. If you have forgotten it, ask a superuser for a one-time link.")
		if strings.Contains(wrong.body, "wrong horse") || b.session() != stolen {
			t.Error("the page repeats the password, or the session has changed")
		}
		done := wrong.again(b, password)
		if done.StatusCode != http.StatusOK || secretOf(done.text("#secret")) == "" || s.account(strange).Role != auth.Viewer {
			t.Fatalf("%d, %q", done.StatusCode, done.text("#messages"))
		}
		if b.session() == stolen || b.session() == "" {
			t.Error("the session has kept its secret, or is lost")
		}
		if a := s.stranger().get(base+"/", "Cookie", s.cookieName()+"="+stolen); a.StatusCode != http.StatusSeeOther {
			t.Errorf("a copy of the old cookie: %d", a.StatusCode)
		}
		if a := b.post(base+"/accounts/disable", form("name", strange)); a.StatusCode != http.StatusSeeOther {
			t.Errorf("the next change: %d", a.StatusCode)
		}
		if got := b.get(base + "/account").find("#sessions tbody tr").Length(); got != 1 {
			t.Errorf("%d sessions", got)
		}
		records := s.records()
		if !slices.ContainsFunc(records, func(r audit.Record) bool {
			return r.Action == audit.LoginFailed && r.Actor == root && r.Ring == audit.Attempts && strings.Contains(r.Detail, "asked again")
		}) {
			t.Errorf("the wrong password is not written down: %+v", records)
		}
	})
}

// Somebody who holds a session can't guess its password by asking for changes, also not many times at once.
func TestGuessingProofsIsSlowedDown(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	s.outdate()
	var mu sync.Mutex
	statuses := map[int]int{}
	var guesses sync.WaitGroup
	for range 4 * auth.AttemptsPerPair {
		guesses.Go(func() {
			a := b.post(base+"/accounts/create", form("name", "eve", "role", "superuser", "proof", "wrong horse battery"))
			mu.Lock()
			defer mu.Unlock()
			statuses[a.StatusCode]++
		})
	}
	guesses.Wait()
	checked := statuses[http.StatusUnprocessableEntity] + statuses[http.StatusServiceUnavailable]
	if checked < auth.AttemptsPerPair || checked > auth.AttemptsPerPair+1 || checked+statuses[http.StatusTooManyRequests] != 4*auth.AttemptsPerPair {
		t.Errorf("answers: %v", statuses)
	}
	a := b.post(base+"/accounts/create", form("name", "eve", "role", "superuser", "proof", password))
	if a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" || a.find("#proof-form input[name=name]").AttrOr("value", "") != "eve" {
		t.Errorf("the right one, too late: %d", a.StatusCode)
	}
}

// A session that ends while its owner types the password is not begun again by it.
func TestAProofBringsNoSessionBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	s.outdate()
	s.together(2, "hmget") // both have found the session before either has ended it
	var requests sync.WaitGroup
	for range 2 {
		requests.Go(func() {
			b.post(base+"/account/token", form("label", "x", "days", "1", "proof", password))
		})
	}
	requests.Wait()
	if got := slices.DeleteFunc(s.audited(), func(r string) bool { return r != "root token-created root" }); len(got) != 1 {
		t.Errorf("tokens made: %q", got)
	}
	if got := b.get(base + "/account").find("#sessions tbody tr").Length(); got != 1 {
		t.Errorf("%d sessions", got)
	}
}

// The login of a host or a proxy has no password of ours, and is not asked for one.
func TestSomebodyElsesLoginIsNotAskedForAPassword(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{AuthHeader: "X-Host-User", TrustedProxies: here})
	s.createSuperuser()
	a := s.stranger().post(base+"/accounts/create", form("name", "vera", "role", "viewer"), "X-Host-User", root)
	if a.StatusCode != http.StatusSeeOther || s.account("vera").Role != auth.Viewer {
		t.Errorf("%d", a.StatusCode)
	}
}
