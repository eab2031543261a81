package signon

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// closedWith waits for the end of a socket.
func closedWith(t *testing.T, conn *websocket.Conn) int {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(redistest.Patience)); err != nil {
		t.Fatal(err)
	}
	for {
		_, _, err := conn.ReadMessage()
		if closed, is := errors.AsType[*websocket.CloseError](err); is {
			return closed.Code
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestSingleSignOn(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	s.put("1", "Vera", "staff", "agents")
	b := s.browser()
	if a := b.logIn("/userlog/static?username=ada", "Vera"); a.next() != s.origin+"/userlog/static?username=ada" {
		t.Fatalf("the login leads to %q: %d %s", a.next(), a.StatusCode, s.errors())
	}
	for page, want := range map[string]int{"/userlog/": 200, "/userlog/static?username=ada": 200, "/userlog/accounts": 403, "/userlog/account": 200, "/userlog/password": 404} {
		if a := b.get(page); a.StatusCode != want {
			t.Errorf("%s: %d, want %d", page, a.StatusCode, want)
		}
	}
	conn := b.watch()

	// More rights, then fewer, and then none.
	s.put("1", "Vera", "chiefs", "agents")
	s.ask()
	if code := closedWith(t, conn); code != 4001 {
		t.Errorf("with another role, the socket ends with %d", code)
	}
	if a := b.get("/userlog/accounts"); a.StatusCode != http.StatusOK {
		t.Errorf("a superuser gets %d", a.StatusCode)
	}
	conn = b.watch()
	s.put("1", "Vera", "staff")
	begun := time.Now()
	s.ask()
	if code := closedWith(t, conn); code != 4001 {
		t.Errorf("without the group, the socket ends with %d", code)
	}
	t.Logf("the socket has ended after %v, and 20 s at most before it is due", time.Since(begun))
	if a := b.get("/userlog/"); !strings.HasSuffix(a.next(), "/userlog/login") {
		t.Errorf("without the group, the home page is %d", a.StatusCode)
	}
	if a := b.logIn("/userlog/", "Vera"); a.StatusCode != http.StatusForbidden || !strings.Contains(a.body, "may not use this site.") {
		t.Errorf("without the group, the login is %d", a.StatusCode)
	}
	want := []string{
		"vera login viewer sign-on", "vera role-changed viewer sign-on superuser", "vera logout superuser sign-on no group of the person has a role",
		"vera login-failed  sign-on no group of the person has a role", "vera refused viewer sign-on GET /userlog/accounts",
	}
	for _, line := range want {
		if !strings.Contains(s.records(), line) {
			t.Errorf("the audit log has no %q:\n%s", line, s.records())
		}
	}
}

func TestALogoutIsOneAtTheProvider(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	s.put("1", "vera", "agents")
	b := s.browser()
	b.logIn("/userlog/", "vera")
	conn := b.watch()
	a := b.post("/userlog/logout")
	wait, address, _ := strings.Cut(a.Header.Get("Refresh"), "; url=")
	if a.StatusCode != http.StatusOK || wait != "0" || !strings.Contains(a.body, "You are logged out.") || a.Header.Get("Clear-Site-Data") != `"cache"` {
		t.Fatalf("the logout answers %d, %v", a.StatusCode, a.Header)
	}
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(address, s.server.URL+"/end_session?") || u.Query().Get("post_logout_redirect_uri") != s.origin+"/userlog/login?out=1" {
		t.Errorf("it leads to %q", address)
	}
	for _, token := range s.tokens() {
		if strings.Contains(address, token) {
			t.Errorf("the address has a token: %s", address)
		}
	}
	if code := closedWith(t, conn); code != 4001 {
		t.Errorf("the socket ends with %d", code)
	}
	if s.redis.ZCard(t.Context(), store.DefaultKeyPrefix+"sign-ons").Val() > 0 {
		s.asked() // it is forgotten at the latest when it is due
	}
	if keys := s.redis.Keys(t.Context(), store.DefaultKeyPrefix+"sign-on:*").Val(); len(keys) != 0 {
		t.Errorf("Redis still has %q", keys)
	}
}

// What a browser brings back is used once, by the browser that has begun, and as it was sent.
func TestForgedCallbacks(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	s.put("1", "vera", "agents")
	b := s.browser()
	callback := b.atProvider("/userlog/", "vera")
	with := func(name, value string) string {
		u, err := url.Parse(callback)
		if err != nil {
			t.Fatal(err)
		}
		query := u.Query()
		query.Set(name, value)
		u.RawQuery = query.Encode()
		return u.String()
	}
	refused := func(what string, b *browser, address string) {
		t.Helper()
		if a := b.get(address); a.StatusCode != http.StatusForbidden || !strings.Contains(a.body, "The login at your provider did not work.") {
			t.Errorf("%s: %d", what, a.StatusCode)
		}
	}
	refused("another browser", s.browser(), callback)
	other := s.browser()
	other.atProvider("/userlog/", "vera")
	refused("another attempt", other, callback)
	for name, value := range map[string]string{"state": "x", "code": "", "iss": "https://evil.example"} {
		again := s.browser()
		callback = again.atProvider("/userlog/", "vera")
		refused("another "+name, again, with(name, value))
	}
	callback = b.atProvider("/userlog/", "vera")
	if a := b.get(callback); a.next() != s.origin+"/userlog/" {
		t.Fatalf("the right one: %d %s", a.StatusCode, s.errors())
	}
	refused("once more", b, callback)
	if a := s.browser().get("/userlog/sign-on?next=https://evil.example/"); strings.Contains(a.next(), "evil") {
		t.Errorf("the provider is told %q", a.next())
	}
}

// A name is its owner's, whoever takes it at the provider later.
func TestANameIsOfOnePerson(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	s.put("1", "root", "chiefs")
	if a := s.browser().logIn("/userlog/", "root"); a.next() == "" {
		t.Fatalf("the login: %d", a.StatusCode)
	}
	s.put("1", "renamed", "chiefs")
	s.put("2", "ROOT", "agents")
	if a := s.browser().logIn("/userlog/", "ROOT"); a.StatusCode != http.StatusForbidden {
		t.Errorf("another person of this name: %d to %q", a.StatusCode, a.next())
	}
	s.put("3", "ro\u200bot", "agents")
	if a := s.browser().logIn("/userlog/", "ro\u200bot"); a.StatusCode != http.StatusForbidden {
		t.Errorf("a name that can't be read: %d to %q", a.StatusCode, a.next())
	}
}

// While the provider is away, people go on for five minutes. What it has given can't be read in Redis.
func TestAProviderThatIsAway(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	s.put("1", "vera", "agents")
	b := s.browser()
	b.logIn("/userlog/", "vera")
	s.goAway(true)
	s.asked()
	if a := b.get("/userlog/"); a.StatusCode != http.StatusOK {
		t.Errorf("while the provider is away: %d", a.StatusCode)
	}
	stranger := s.browser()
	if a := stranger.get(stranger.get("/userlog/sign-on").next()); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("the provider answers %d", a.StatusCode)
	}
	found := s.redis.Keys(t.Context(), store.DefaultKeyPrefix+"sign-on:*").Val()
	if len(found) != 1 {
		t.Fatalf("Redis has %q", found)
	}
	kept := s.redis.Get(t.Context(), found[0]).Val()
	tokens := s.tokens()
	if len(tokens) < 3 {
		t.Errorf("the provider has issued %d tokens", len(tokens))
	}
	for _, token := range tokens {
		if strings.Contains(kept, token) {
			t.Errorf("Redis has a token: %s", kept)
		}
	}
	// Five minutes later.
	i := strings.Index(kept, `"checked":`) + len(`"checked":`)
	old := kept[:i] + "1" + kept[i+10:]
	if err := s.redis.SetArgs(t.Context(), found[0], old, redis.SetArgs{KeepTTL: true}).Err(); err != nil {
		t.Fatal(err)
	}
	s.asked()
	if a := b.get("/userlog/"); a.StatusCode == http.StatusOK {
		t.Errorf("after five minutes: %d", a.StatusCode)
	}
}

// Where groups are in the ID token only, another one is asked for each time.
func TestGroupsOfIDTokens(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	s.inToken = true
	s.put("1", "vera", "agents")
	b := s.browser()
	if a := b.logIn("/userlog/", "vera"); a.next() == "" {
		t.Fatalf("the login: %d %s", a.StatusCode, s.errors())
	}
	s.asked()
	s.asked()
	if a := b.get("/userlog/"); a.StatusCode != http.StatusOK {
		t.Errorf("with the group: %d", a.StatusCode)
	}
	s.put("1", "vera")
	s.asked()
	if a := b.get("/userlog/"); a.StatusCode == http.StatusOK {
		t.Errorf("without the group: %d", a.StatusCode)
	}
}

// Before a change the provider asks again who it is. Somebody who has just logged in there is not asked, and a provider that asks nobody again is refused.
func TestChangesAskTheProvider(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	s.put("1", "vera", "chiefs")
	s.put("2", "eve", "chiefs")
	b := s.browser()
	b.logIn("/userlog/", "vera")
	create := func(name string) answer {
		t.Helper()
		return b.post("/userlog/accounts/create", "name", name, "role", "viewer")
	}
	if a := create("ada"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("just after the login: %d %s", a.StatusCode, a.body)
	}
	s.outdate()
	asked := create("bob")
	link := proofLink.FindStringSubmatch(asked.body)
	if link == nil || !strings.Contains(link[1], "prompt=login") || !strings.Contains(link[1], "max_age=0") || strings.Contains(link[1], "bob") {
		t.Fatalf("the link is %q: %d %s", link, asked.StatusCode, asked.body)
	}
	if a := b.prove(create("bob"), "eve"); a.StatusCode != http.StatusForbidden || !strings.Contains(a.body, "Your provider has not confirmed that it is you.") {
		t.Errorf("another person: %d", a.StatusCode)
	}
	back := b.prove(create("bob"), "vera")
	if a := b.goOn(back); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("after the proof: %d %s %s", a.StatusCode, a.body, s.errors())
	}
	if a := create("grace"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the next change: %d", a.StatusCode)
	}
	s.asked() // the new tokens are of use
	if a := b.get("/userlog/"); a.StatusCode != http.StatusOK {
		t.Errorf("after the proof, the session: %d", a.StatusCode)
	}

	s.goSilent()
	s.outdate()
	if a := b.prove(create("carol"), "vera"); a.StatusCode != http.StatusForbidden || !strings.Contains(a.body, "Your provider did not ask again who you are.") {
		t.Errorf("a provider that does not ask: %d", a.StatusCode)
	}
	redistest.Eventually(t, "the log says why", func() bool {
		return strings.Contains(s.errors(), "prompt=login and max_age=0 were sent, and the auth_time of the ID token is")
	})
	b = s.browser()
	b.logIn("/userlog/account", "vera") // by which nothing is proven
	if a := create("carol"); a.StatusCode != http.StatusForbidden {
		t.Errorf("after a silent login: %d", a.StatusCode)
	}
	got := s.records()
	for _, line := range []string{"vera login superuser sign-on asked again before a change", "vera login-failed  sign-on another person, asked again of somebody who is logged in", "vera account-created superuser sign-on"} {
		if !strings.Contains(got, line) {
			t.Errorf("the audit log has no %q:\n%s", line, got)
		}
	}
	if strings.Count(got, "account-created") != 3 {
		t.Errorf("the audit log:\n%s", got)
	}
}
