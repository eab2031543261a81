package auth_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestLogInAndOut(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		ada, grace, stranger := s.browser(), s.browser(), s.browser()
		ada.post(t, "/login/ada")
		grace.post(t, "/login/grace")
		ada.wantAccount(t, "ada")
		grace.wantAccount(t, "grace")
		stranger.wantAccount(t, "")

		stolen := ada.cookie(t)
		ada.post(t, "/logout")
		ada.wantAccount(t, "")
		s.browser(&stolen).wantAccount(t, "")
		grace.wantAccount(t, "grace")

		grace.post(t, "/logout")
		if left := allKeys(t, client); len(left) != 0 {
			t.Errorf("when everybody has left there remain %q", left)
		}
		stranger.post(t, "/logout")
	})
}

func TestLogInChangesTheSession(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})

		// An attacker's session, which has a value already, is planted in the victim's browser.
		attacker := s.browser()
		attacker.post(t, "/note/planted")
		planted := attacker.cookie(t)
		victim := s.browser(&planted)
		victim.post(t, "/login/ada")
		if victim.cookie(t).Value == planted.Value {
			t.Error("the login has kept the session's secret")
		}
		victim.wantAccount(t, "ada")
		attacker.wantAccount(t, "")
		if note := victim.send(http.MethodGet, "/note").Body.String(); note != "" {
			t.Errorf("the login has kept the note %q", note)
		}

		// A second login ends the session of the first.
		first := victim.cookie(t)
		victim.post(t, "/login/grace")
		victim.wantAccount(t, "grace")
		s.browser(&first).wantAccount(t, "")
	})
}

func TestSecretIsNotInRedis(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		b := newSite(client, auth.SessionOptions{}).browser()
		b.post(t, "/login/ada")
		secret := b.cookie(t).Value
		indexed, err := client.ZRange(t.Context(), keys.AccountSessions("ada"), 0, -1).Result()
		if err != nil || len(indexed) != 1 {
			t.Fatalf("the index has %q, %v", indexed, err)
		}
		for _, held := range append(allKeys(t, client), storedSession(t, client), indexed[0]) {
			if strings.Contains(held, secret) {
				t.Errorf("the secret is in %q", held)
			}
		}
	})
}

func TestSessionEndsWhenIdle(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		b := s.browser()
		b.post(t, "/login/ada")
		for range 3 {
			s.later(t, auth.SessionIdle-time.Second)
			b.wantAccount(t, "ada")
		}
		s.later(t, auth.SessionIdle)
		b.wantAccount(t, "")
	})
}

func TestSessionEndsAfterItsLifetime(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		b := s.browser()
		b.post(t, "/login/ada")
		for passed := time.Duration(0); passed < auth.SessionLifetime; passed += auth.SessionIdle / 2 {
			b.wantAccount(t, "ada")
			s.later(t, auth.SessionIdle/2)
		}
		b.wantAccount(t, "")
		if left := allKeys(t, client); len(left) != 0 {
			t.Errorf("there remain %q", left)
		}
	})
}

func TestSessionEndsByTheClockAlone(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		b := s.browser()
		b.post(t, "/login/ada")
		s.now = s.now.Add(auth.SessionIdle) // and Redis still has the key
		b.wantAccount(t, "")
	})
}

func TestRequestsAreNotedOnceAMinute(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		b := s.browser()
		b.post(t, "/login/ada")
		created := storedSession(t, client)
		s.later(t, 59*time.Second)
		b.wantAccount(t, "ada")
		if noted := storedSession(t, client); noted != created {
			t.Errorf("after 59 s: %s, want %s", noted, created)
		}
		s.later(t, time.Second)
		b.wantAccount(t, "ada")
		if noted := storedSession(t, client); noted == created {
			t.Errorf("after a minute it is still %s", noted)
		}
	})
}

func TestNewPasswordEndsAllSessions(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		accounts := s.accounts
		create(t, accounts, "ada")
		one, two, grace := s.browser(), s.browser(), s.browser()
		one.post(t, "/login/ada")
		two.post(t, "/login/ada")
		grace.post(t, "/login/grace")
		if _, err := accounts.SetPassword(t.Context(), "ada", "another password"); err != nil {
			t.Fatal(err)
		}
		one.wantAccount(t, "")
		two.wantAccount(t, "")
		grace.wantAccount(t, "grace")
	})
}

func TestEndSessions(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		if err := s.accounts.EndSessions(t.Context(), "ada"); !errors.Is(err, auth.ErrNoAccount) {
			t.Fatalf("without an account: %v", err)
		}
		b := s.browser()
		b.post(t, "/login/ada")
		if err := s.accounts.EndSessions(t.Context(), "ada"); err != nil {
			t.Fatal(err)
		}
		b.wantAccount(t, "")
		if left := allKeys(t, client); len(left) != 0 {
			t.Errorf("there remain %q", left)
		}
		b.post(t, "/login/ada")
		b.wantAccount(t, "ada")
	})
}

func TestIndexForgetsSessionsThatAreOver(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		s.browser().post(t, "/login/ada")
		s.later(t, auth.SessionLifetime/2)
		s.browser().post(t, "/login/ada")
		s.later(t, auth.SessionLifetime/2)
		s.browser().post(t, "/login/ada")
		if n := client.ZCard(t.Context(), keys.AccountSessions("ada")).Val(); n != 2 {
			t.Errorf("%d sessions are in the index, want 2", n)
		}
	})
}

func TestEveryKeyExpires(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		b := s.browser()
		b.post(t, "/login/ada")
		s.later(t, 2*time.Minute)
		b.wantAccount(t, "ada")
		b.post(t, "/note/x")
		s.browser().post(t, "/note/x")
		for _, key := range allKeys(t, client) {
			if ttl := client.TTL(t.Context(), key).Val(); ttl <= 0 || ttl > auth.SessionLifetime {
				t.Errorf("%s expires in %v", key, ttl)
			}
		}
	})
}

func TestWithoutRedisNobodyIsLoggedInOrOut(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	s := newSite(impatient(t, server), auth.SessionOptions{})
	b := s.browser()
	b.post(t, "/login/ada")
	server.Kill()
	for _, request := range []string{"GET /account", "POST /login/grace", "POST /logout", "POST /note/x"} {
		method, path, _ := strings.Cut(request, " ")
		if w := b.send(method, path); w.Code != http.StatusServiceUnavailable || len(w.Result().Cookies()) != 0 {
			t.Errorf("%s: status %d, cookies %v", request, w.Code, w.Result().Cookies())
		}
	}
	stranger := s.browser()
	if w := stranger.send(http.MethodPost, "/login/grace"); w.Code != http.StatusServiceUnavailable || len(stranger.cookies) != 0 {
		t.Errorf("a stranger's login: status %d, cookies %v", w.Code, stranger.cookies)
	}
	server.Restart()
	// A client that has failed often waits a second before it connects again: use another.
	b.site = newSite(server.Client(t), auth.SessionOptions{})
	b.wantAccount(t, "ada")
}

// storedSession returns what Redis holds of the only session.
func storedSession(t *testing.T, client redis.UniversalClient) string {
	t.Helper()
	all := allKeys(t, client)
	i := slices.IndexFunc(all, func(key string) bool { return strings.HasPrefix(key, keys.Session("")) })
	if i < 0 {
		t.Fatalf("there is no session among %q", all)
	}
	line, err := client.Get(t.Context(), all[i]).Result()
	if err != nil {
		t.Fatal(err)
	}
	return line
}

// Somebody who logs in all the time has no more than a hundred sessions. The oldest ones end.
func TestSessionsOfAnAccountAreLimited(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		var all []*browser
		for range 103 {
			b := s.browser()
			b.post(t, "/login/ada")
			all = append(all, b)
			s.now = s.now.Add(time.Second)
		}
		for i, want := range map[int]string{0: "", 2: "", 3: "ada", 102: "ada"} {
			all[i].wantAccount(t, want)
		}
		for range 20 { // all of them within one second
			b := s.browser()
			b.post(t, "/login/ada")
			b.wantAccount(t, "ada")
		}
		if n := client.ZCard(t.Context(), keys.AccountSessions("ada")).Val(); n > 101 {
			t.Errorf("there are %d sessions", n)
		}
	})
}
