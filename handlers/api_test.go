package handlers_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

func TestProgramsReadWithAToken(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		s.createSuperuser()
		s.record("ada", "/1", "/2")
		program, bearer := s.stranger(), "Bearer "+s.token(root)
		var users struct {
			Users []struct {
				Username string
				LastSeen time.Time `json:"last_seen"`
			}
		}
		a := program.get(base+"/api/users?q=AD", "Authorization", bearer)
		if err := json.Unmarshal([]byte(a.body), &users); err != nil || len(users.Users) != 1 || users.Users[0].Username != "ada" || time.Since(users.Users[0].LastSeen) > time.Minute {
			t.Errorf("users: %d %s, %v", a.StatusCode, a.body, err)
		}
		var log struct {
			Username string
			Entries  []store.Entry
		}
		a = program.get(base+"/api/log?username=ada", "Authorization", bearer)
		if err := json.Unmarshal([]byte(a.body), &log); err != nil || log.Username != "ada" || len(log.Entries) != 2 || log.Entries[0].Path != "/2" {
			t.Errorf("log: %d %s, %v", a.StatusCode, a.body, err)
		}
		if a := program.get(base+"/api/log?username=nobody", "Authorization", bearer); a.StatusCode != http.StatusOK || a.body != `{"entries":[],"username":"nobody"}` {
			t.Errorf("an empty log: %d %s", a.StatusCode, a.body)
		}
		if a := program.get(base+"/api/log?username=", "Authorization", bearer); a.StatusCode != http.StatusBadRequest || !strings.Contains(a.body, `"error"`) {
			t.Errorf("no name: %d %s", a.StatusCode, a.body)
		}
		if conn, response := program.dial(base+"/live/socket?username=ada&format=json", "Authorization", bearer, "Origin", ""); conn == nil {
			t.Errorf("the socket: %d", response.StatusCode)
		} else if got := readPath(t, conn); got != "/1" {
			t.Errorf("the socket's first entry is %q", got)
		}
		if len(program.cookies()) != 0 {
			t.Errorf("a program got cookies: %v", program.cookies())
		}
	})
}

// While names are still being read, a program is told that there may be more users, and not that nobody fits.
func TestProgramsAreToldThatNamesAreUnread(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	s.createSuperuser()
	s.record("kathrin", "/hers")
	program, bearer := s.stranger(), "Bearer "+s.token(root)
	users := func(typed string) string {
		return program.get(base+"/api/users?q="+typed, "Authorization", bearer).body
	}
	if got := users("cathrin"); !strings.Contains(got, `"near":true`) || strings.Contains(got, "unread") {
		t.Errorf("all names have been read: %s", got)
	}
	s.holdNames()
	for _, typed := range []string{"cathrin", "kath"} { // the first of them waits for the names for ten seconds
		if got := users(typed); !strings.Contains(got, `"unread":true`) || !strings.Contains(got, `"kathrin"`) || strings.Contains(got, "near") {
			t.Errorf("%s while names are read: %s", typed, got)
		}
	}
}

// holdNames lets no names be read into memory any more until the test ends. All else of Redis answers.
func (s *site) holdNames() {
	held := make(namesHeld)
	s.t.Cleanup(func() { close(held) })
	s.logs.Client().(*redis.Client).AddHook(held)
}

// namesHeld holds every reading of names until it is closed.
type namesHeld chan struct{}

func (namesHeld) DialHook(next redis.DialHook) redis.DialHook { return next }

func (namesHeld) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (h namesHeld) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		if commands[0].Name() == "zrangebyscore" {
			<-h
		}
		return next(ctx, commands)
	}
}

// A program gets requests, and with each what is missing before it.
func TestProgramsAreToldWhatIsMissing(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	s := newSite(t, client, handlers.Options{})
	s.createSuperuser()
	lines := []any{
		`{"id":"1","username":"ada","time":1,"gap":{"dropped":2}}`,
		`{"id":"2","username":"ada","method":"GET","path":"/a","code":200,"time":2,"gap":{"dropped":3}}`,
		`{"id":"3","username":"ada","method":"GET","path":"/b","code":200,"time":3}`,
		`{"id":"4","username":"ada","time":4,"gap":{"indeterminate":1}}`,
	}
	if err := client.LPush(t.Context(), s.logs.KeyPrefix()+"log:ada", lines...).Err(); err != nil {
		t.Fatal(err)
	}
	a := s.stranger().get(base+"/api/log?username=ada", "Authorization", "Bearer "+s.token(root))
	want := `{"entries":[` +
		`{"id":"3","username":"ada","method":"GET","path":"/b","code":200,"time":3.000000},` +
		`{"id":"2","username":"ada","method":"GET","path":"/a","code":200,"time":2.000000,"gap":{"dropped":5}}` +
		`],"gap":{"indeterminate":1},"username":"ada"}`
	if a.StatusCode != http.StatusOK || a.body != want {
		t.Errorf("got  %d %s\nwant %s", a.StatusCode, a.body, want)
	}
}

// A token opens what programs read, and nothing else; the API takes tokens, and nothing else.
func TestTokensAndSessionsAreNotTheSame(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b, token := s.superuser(), s.token(root)
	if a := s.stranger().get(base+"/", "Authorization", "Bearer "+token); a.StatusCode != http.StatusSeeOther {
		t.Errorf("a page with a token: %d", a.StatusCode)
	}
	for what, headers := range map[string][]string{
		"a session":   nil,
		"basic":       {"Authorization", "Basic " + token},
		"no scheme":   {"Authorization", token},
		"an old one":  {"Authorization", "Bearer userlog_" + strings.Repeat("A", 43)},
		"another app": {"Authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x"},
		"a huge one":  {"Authorization", "Bearer userlog_" + strings.Repeat("A", 1<<15)},
	} {
		a := b.get(base+"/api/users", headers...)
		if a.StatusCode != http.StatusUnauthorized || a.Header.Get("WWW-Authenticate") != "Bearer" || !strings.Contains(a.body, `"error"`) {
			t.Errorf("the API with %s: %d %s", what, a.StatusCode, a.body)
		}
	}
	if conn, response := b.dial(base+"/live/socket?username=ada&format=json", "Origin", ""); conn != nil || response.StatusCode != http.StatusForbidden {
		t.Errorf("a socket with a session and without an Origin: %d", response.StatusCode)
	}
	if conn, response := s.stranger().dial(base+"/live/socket?username=ada&format=json", "Authorization", "Bearer "+token, "Origin", "https://evil.example"); conn != nil || response.StatusCode != http.StatusForbidden {
		t.Errorf("a socket with a token and another site's Origin: %d", response.StatusCode)
	}
}

func TestTheAPIWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := newSite(t, server.Client(t), handlers.Options{})
	s.createSuperuser()
	token := s.token(root)
	server.Kill()
	for _, target := range []string{"/api/users", "/api/log?username=ada"} {
		if a := s.stranger().get(base+target, "Authorization", "Bearer "+token); a.StatusCode != http.StatusServiceUnavailable || !strings.Contains(a.body, `"error"`) {
			t.Errorf("%s: %d %s", target, a.StatusCode, a.body)
		}
	}
}

// A program that mistypes an address gets a sentence that it can read, not a page.
func TestWhatTheAPIHasNotIsSaidInJSON(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	s.engine.NoRoute(s.admin.NotFound)
	for _, target := range []string{"/api/nope", "/api/users/ada"} {
		a := s.stranger().get(base + target)
		if got := a.Header.Get("Content-Type"); a.StatusCode != http.StatusNotFound || !strings.HasPrefix(got, "application/json") {
			t.Errorf("%s: %d, %s", target, a.StatusCode, got)
		}
	}
}
