package handlers_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

const wrongCode = "The code is wrong, or was used already. Wait for the next one. If it stays wrong, check the clock of your phone."

// phone is the authenticator app of an account.
type phone struct {
	site          *site
	account, seed string
}

// enrol gives an account an app, and returns that and the recovery codes.
func (s *site) enrol(name string) (p *phone, recovery []string) {
	s.t.Helper()
	begun, err := s.accounts().BeginApp(s.t.Context(), name, "test")
	if err != nil {
		s.t.Fatal(err)
	}
	p = &phone{s, name, begun.Seed}
	if _, recovery, err = s.accounts().AddApp(s.t.Context(), name, begun.Sealed, codeOf(s.t, begun.Seed)); err != nil {
		s.t.Fatal(err)
	}
	return p, recovery
}

// next is a code that was not used yet. Tests don't wait for the next half minute: what was used before is forgotten.
func (p *phone) next() string {
	p.site.t.Helper()
	key := p.site.logs.KeyPrefix() + "accounts"
	line, err := p.site.client.HGet(p.site.t.Context(), key, p.account).Bytes()
	if err != nil {
		p.site.t.Fatal(err)
	}
	var stored map[string]any
	if err := json.Unmarshal(line, &stored); err != nil {
		p.site.t.Fatal(err)
	}
	stored["app"].(map[string]any)["used"] = 0
	if line, err = json.Marshal(stored); err != nil {
		p.site.t.Fatal(err)
	}
	if err := p.site.client.HSet(p.site.t.Context(), key, p.account, line).Err(); err != nil {
		p.site.t.Fatal(err)
	}
	return codeOf(p.site.t, p.seed)
}

func codeOf(t *testing.T, seed string) string {
	t.Helper()
	code, err := totp.GenerateCode(seed, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// halfway opens a browser that has given the right password of an account with a second factor.
func (s *site) halfway(name string) *browser {
	s.t.Helper()
	b := s.stranger()
	a := b.logIn(base, name, password, base+"/audit")
	if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.location(), base+"/login/second?") {
		s.t.Fatalf("the password leads to %d, %q", a.StatusCode, a.location())
	}
	return b
}

func TestALoginInTwoSteps(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		s.createSuperuser()
		app, _ := s.enrol(root)
		b := s.halfway(root)
		step := b.get(base + "/login/second?next=" + base + "/audit")
		step.expect(http.StatusOK, "")
		if step.find("#second input[name=code][autocomplete=one-time-code]").Length() != 1 || step.find("nav").Length() != 0 {
			t.Error("the form is not there, or the navigation is")
		}
		planted := b.session()
		b.post(base+"/login/second", form("code", "000 000", "next", base+"/audit")).expect(http.StatusUnprocessableEntity, wrongCode)
		code := app.next()
		a := b.post(base+"/login/second", form("code", code, "next", base+"/audit"))
		if a.StatusCode != http.StatusSeeOther || a.location() != base+"/audit" {
			t.Fatalf("%d to %q, %q", a.StatusCode, a.location(), a.text("#messages"))
		}
		if b.session() == planted || b.session() == "" {
			t.Error("the session has kept its secret, or there is none")
		}
		b.get(base+"/audit").expect(http.StatusOK, "")
		for what, replay := range map[string]*browser{"with the cookie of the first step": s.stranger(), "in another login": s.halfway(root)} {
			var headers []string
			if replay.session() == "" {
				headers = []string{"Cookie", s.cookieName() + "=" + planted}
			}
			replay.post(base+"/login/second", form("code", code), headers...)
			if a := replay.get(base+"/audit", headers...); a.StatusCode != http.StatusSeeOther {
				t.Errorf("the code again, %s: %d", what, a.StatusCode)
			}
		}
		var lines []string
		for _, r := range s.records() {
			if r.Action == audit.Login || r.Action == audit.LoginFailed {
				lines = append(lines, fmt.Sprintf("%s %s %s %s", r.Ring, r.Actor, r.Action, r.Detail))
			}
		}
		slices.Sort(lines) // of two rings, nobody knows which of two records of one millisecond came first
		want := []string{" root login password and app", "attempts root login-failed second factor of a login", "attempts root login-failed second factor of a login"}
		if !slices.Equal(lines, want) {
			t.Errorf("written down: %q, want %q", lines, want)
		}
	})
}

// Between password and second factor nobody is logged in: on the whole list of routes, and for sockets.
func TestAPasswordAloneOpensNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{RequireReason: true, Passkeys: &device{}, LiveURL: "wss://live.example.com/userlog/live/socket"})
	s.createSuperuser()
	app, _ := s.enrol(root)
	b := s.halfway(root)
	for _, route := range s.engine.Routes() {
		if admits(t, route) == everybody {
			continue
		}
		a := b.do(route.Method, targetOf(route), nil)
		if to := strings.HasPrefix(a.location(), base+"/login"); !to && a.StatusCode != http.StatusUnauthorized && a.StatusCode != http.StatusForbidden {
			t.Errorf("%s %s: %d to %q", route.Method, route.Path, a.StatusCode, a.location())
		}
	}
	if conn, r := b.dial(base + "/live/socket?username=ada"); conn != nil {
		t.Errorf("a socket: %d", r.StatusCode)
	}
	if a := b.post(base+"/login/second", form("code", app.next())); a.location() != base+"/" {
		t.Errorf("the code, after all that: %d to %q", a.StatusCode, a.location())
	}
}

// A one-time link stands for a password. So who gets into an owner's mail has no second factor yet.
func TestALinkDoesNotReplaceTheSecondFactor(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	chief := s.superuser()
	s.create("vera", auth.Viewer)
	app, _ := s.enrol("vera")
	link := secretOf(chief.post(base+"/accounts/link", form("name", "vera")).text("#secret"))
	b := s.stranger()
	a := b.post(base+"/password", form("username", "vera", "code", link, "password", chosen))
	if !strings.HasPrefix(a.location(), base+"/login/second") {
		t.Fatalf("%d to %q", a.StatusCode, a.location())
	}
	if a := b.get(base + "/"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the home page: %d", a.StatusCode)
	}
	b.post(base+"/login/second", form("code", app.next()))
	b.get(base+"/").expect(http.StatusOK, "")
}

// A known browser waits in a lane of its own, and is asked for the second factor all the same.
func TestAKnownBrowserIsAskedForTheSecondFactor(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{TrustedProxies: here})
	b := s.viewer("vera")
	app, _ := s.enrol("vera")
	if a := b.get(base + "/"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("a session that was begun by the password alone: %d", a.StatusCode)
	}
	if a := b.logIn(base, "vera", password, ""); !strings.HasPrefix(a.location(), base+"/login/second") {
		t.Fatalf("%d to %q", a.StatusCode, a.location())
	}
	// Somebody who knows the password tries codes from everywhere, also many at a time.
	stranger := s.halfway("vera")
	var mu sync.Mutex
	statuses := map[int]int{}
	var guesses sync.WaitGroup
	for n := range 4 * auth.CodesAtOnce {
		guesses.Go(func() {
			a := stranger.post(base+"/login/second", form("code", "000000"), "X-Forwarded-For", fmt.Sprintf("198.51.%d.7", n))
			mu.Lock()
			defer mu.Unlock()
			statuses[a.StatusCode]++
		})
	}
	guesses.Wait()
	if statuses[http.StatusUnprocessableEntity] != auth.CodesAtOnce || statuses[http.StatusTooManyRequests] != 3*auth.CodesAtOnce {
		t.Errorf("answers: %v", statuses)
	}
	if a := stranger.post(base+"/login/second", form("code", app.next())); a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
		t.Errorf("the right code, after too many: %d", a.StatusCode)
	}
	if a := b.post(base+"/login/second", form("code", app.next())); a.StatusCode != http.StatusSeeOther || a.location() != base+"/" {
		t.Errorf("her own browser: %d, %q", a.StatusCode, a.text("#messages"))
	}
}

// Somebody who knows the password gets no more guesses by giving it again and again.
func TestTheRightPasswordBuysNoGuesses(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	s.create("vera", auth.Viewer)
	s.enrol("vera")
	guessed := 0
	for range 3 * auth.AttemptsPerPair {
		b := s.stranger()
		b.logIn(base, "vera", password, "")
		if a := b.post(base+"/login/second", form("code", "000000")); a.StatusCode == http.StatusUnprocessableEntity {
			guessed++
		}
	}
	if guessed > auth.AttemptsPerPair/2+1 {
		t.Errorf("%d codes were tried", guessed)
	}
}

func TestAnAppIsSetUpByItsOwner(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		b := s.viewer("vera")
		elsewhere := s.stranger()
		elsewhere.logIn(base, "vera", password, "")
		token := s.token("vera")
		page := b.post(base+"/account/second-factor/begin", nil)
		seed := strings.ReplaceAll(page.text("#secret"), " ", "")
		if page.StatusCode != http.StatusOK || len(seed) != 32 || page.find("#qr path").Length() != 1 {
			t.Fatalf("%d: %s", page.StatusCode, page.body)
		}
		if href := page.find("a[href^='otpauth:']").AttrOr("href", ""); !strings.Contains(href, "secret="+seed) {
			t.Errorf("the link for apps is %q", href)
		}
		sealed := page.find("#add-app input[name=app]").AttrOr("value", "")
		wrong := b.post(base+"/account/second-factor/app", form("app", sealed, "code", "000000"))
		wrong.expect(http.StatusUnprocessableEntity, wrongCode)
		if wrong.find("#add-app input[name=app]").AttrOr("value", "") != sealed || strings.ReplaceAll(wrong.text("#secret"), " ", "") != seed {
			t.Error("after a wrong code another app is shown")
		}
		if s.account("vera").SecondFactor {
			t.Error("a wrong code has set the app up")
		}
		before := b.session()
		codes := b.post(base+"/account/second-factor/app", form("app", sealed, "code", codeOf(t, seed)))
		recovery := strings.Fields(codes.text("#secret"))
		if codes.StatusCode != http.StatusOK || len(recovery) != auth.RecoveryCodes {
			t.Fatalf("%d, %q", codes.StatusCode, codes.text("#messages"))
		}
		if b.session() == before || b.get(base+"/").StatusCode != http.StatusOK {
			t.Error("the session has kept its secret, or is lost")
		}
		if a := elsewhere.get(base + "/"); a.StatusCode != http.StatusSeeOther {
			t.Errorf("a session of the password alone goes on: %d", a.StatusCode)
		}
		if a := s.stranger().get(base+"/api/users", "Authorization", "Bearer "+token); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("the token goes on: %d", a.StatusCode)
		}
		again := b.post(base+"/account/second-factor/app", form("app", sealed, "code", codeOf(t, seed)))
		if again.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("the same app again: %d", again.StatusCode)
		}
		phone := s.halfway("vera")
		if a := phone.post(base+"/login/second", form("code", recovery[0])); a.location() != base+"/account?done=recovery-used" {
			t.Errorf("a recovery code leads to %d, %q", a.StatusCode, a.location())
		}
		if got := phone.get(base + "/account?done=recovery-used").text("#recovery .hint"); !strings.HasPrefix(got, "9 recovery codes are left.") {
			t.Errorf("the page says %q", got)
		}
		if a := phone.post(base+"/account/second-factor/app/remove", nil); a.location() != base+"/account?done=factor-removed" || s.account("vera").SecondFactor {
			t.Errorf("removed: %d to %q", a.StatusCode, a.location())
		}
		got := slices.DeleteFunc(s.audited(), func(r string) bool {
			return !strings.Contains(r, "factor-added") && !strings.Contains(r, "factor-removed") && !strings.Contains(r, "recovery")
		})
		if want := []string{"vera second-factor-added vera", "vera second-factor-removed vera"}; !slices.Equal(got, want) {
			t.Errorf("written down is %q", got)
		}
	})
}

// An account that has a second factor gives that, and not the password, before it changes anything: who has found a browser open may know
// the password.
func TestTheProofOfASecondFactorIsACode(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	s.createSuperuser()
	app, _ := s.enrol(root)
	b := s.halfway(root)
	b.post(base+"/login/second", form("code", app.next()))
	s.outdate()
	asked := b.post(base+"/account/second-factor/app/remove", nil)
	if asked.StatusCode != http.StatusForbidden || asked.find("#proof[autocomplete=one-time-code]").Length() != 1 {
		t.Fatalf("%d: %s", asked.StatusCode, asked.body)
	}
	asked.again(b, password).expect(http.StatusUnprocessableEntity, wrongCode)
	used := app.next()
	asked.again(b, used)
	if s.account(root).SecondFactor {
		t.Fatal("the right code does nothing")
	}
	_, recovery := s.enrol(root)
	b = s.halfway(root)
	b.post(base+"/login/second", form("code", recovery[0]))
	s.outdate()
	if a := b.post(base+"/account/second-factor/codes", nil).again(b, recovery[1]); len(strings.Fields(a.text("#secret"))) != auth.RecoveryCodes {
		t.Errorf("%d, %q", a.StatusCode, a.text("#messages"))
	}
}

// Somebody who needs a second factor and has none opens nothing but the own account, and sets one up there.
func TestASecondFactorIsRequired(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{RequireSecondFactor: []auth.Role{auth.Superuser}, Passkeys: &device{}})
	b := s.superuser()
	const says = "Your account needs a second factor. Set one up below. Until then you can open nothing else."
	allowed := map[string]bool{
		"GET /account": true, "HEAD /account": true, "POST /account/password": true, "POST /account/session": true, "POST /account/sessions": true,
		"POST /account/second-factor/begin": true, "POST /account/second-factor/app": true, "POST /account/second-factor/app/remove": true,
		"POST /account/second-factor/codes": true, "POST /account/second-factor/passkey": true, "POST /account/second-factor/passkey/remove": true,
		"GET /account/passkey": true, "HEAD /account/passkey": true, "GET /account/passkey/new": true, "HEAD /account/passkey/new": true,
	}
	for _, route := range s.engine.Routes() {
		name := route.Method + " " + strings.TrimPrefix(route.Path, base)
		if who := admits(t, route); who == everybody || who == programs || name == "POST /account/sessions" {
			continue
		}
		a := b.do(route.Method, targetOf(route), nil)
		led := a.StatusCode == http.StatusSeeOther && a.location() == base+"/account"
		if led == allowed[name] {
			t.Errorf("%s: %d to %q", name, a.StatusCode, a.location())
		}
	}
	if conn, r := b.dial(base + "/live/socket?username=ada"); conn != nil || r.StatusCode != http.StatusForbidden {
		t.Errorf("a socket: %d", r.StatusCode)
	}
	if a := b.get(base+"/users?q=a", "HX-Request", "true"); a.Header.Get("HX-Redirect") != base+"/account" {
		t.Errorf("a fragment: %d", a.StatusCode)
	}
	page := b.get(base + "/account")
	page.expect(http.StatusOK, says)
	if page.find("#create-token").Length() != 0 {
		t.Error("tokens are offered")
	}
	b.post(base+"/account/second-factor/begin", nil)
	app, _ := s.enrol(root)
	b = s.halfway(root)
	b.post(base+"/login/second", form("code", app.next()))
	b.get(base+"/audit").expect(http.StatusOK, "")
	s.viewer("vera").get(base+"/").expect(http.StatusOK, "")
}

func TestASecondFactorIsResetByASuperuser(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	chief := s.superuser()
	s.create("vera", auth.Viewer)
	app, _ := s.enrol("vera")
	b := s.halfway("vera")
	b.post(base+"/login/second", form("code", app.next()))
	row := chief.get(base + "/accounts").find("tr:has(form[action$='/accounts/second-factor'])")
	if row.Length() != 1 || !strings.Contains(row.Text(), "vera") || !strings.Contains(row.Text(), "second factor") {
		t.Errorf("%d accounts can be reset: %q", row.Length(), row.Text())
	}
	if a := chief.post(base+"/accounts/second-factor", form("name", "vera")); a.location() != base+"/accounts?done=factors-reset" {
		t.Errorf("%d, %q", a.StatusCode, a.text("#messages"))
	}
	if a := b.get(base + "/"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("her session goes on: %d", a.StatusCode)
	}
	if a := s.stranger().logIn(base, "vera", password, ""); a.location() != base+"/" {
		t.Errorf("the password leads to %q", a.location())
	}
	chief.post(base+"/accounts/second-factor", form("name", "vera")).expect(http.StatusUnprocessableEntity, "There is no such second factor. It was removed already, or reset. Reload the page to see what there is.")
	if a := chief.post(base+"/accounts/second-factor", form("name", root)); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("one's own, unconfirmed: %d", a.StatusCode)
	}
	if !slices.Contains(s.audited(), "root second-factor-reset vera") {
		t.Errorf("written down is %q", s.audited())
	}
}

func TestSecondFactorOptions(t *testing.T) {
	t.Parallel()
	for what, options := range map[string]handlers.Options{
		"no role":       {RequireSecondFactor: []auth.Role{"chief"}},
		"a short key":   {SecondFactorKeys: [][]byte{make([]byte, auth.MinSeedKey-1)}},
		"another login": {RequireSecondFactor: []auth.Role{auth.Viewer}, AuthHeader: "X-User", TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}},
	} {
		logs := newSite(t, redistest.Start(t).Client(t), handlers.Options{}).logs
		if _, err := handlers.New(logs, options); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
}
