package handlers_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// A user whose log has expired is no stranger: all that tell of users say when she was there, and a page that is open is told.
func TestExpiredLogsAreNotStrangers(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	s := newSite(t, client, handlers.Options{UserExists: adaAndBob})
	b := s.superuser()
	at := time.Now().Add(-2 * time.Hour).UTC()
	for _, username := range []string{"ada", "eve"} { // the site no longer knows eve
		if err := client.ZAdd(t.Context(), s.logs.KeyPrefix()+"users", redis.Z{Score: float64(at.UnixMilli()), Member: username}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	const said = "was here until"
	for _, path := range []string{"/static?username=ada", "/static?username=eve", "/live?username=eve", "/users?q=ada", "/users?q=Eve"} {
		a := b.get(base + path)
		if got := a.find("relative-time").AttrOr("datetime", ""); !strings.Contains(a.body, said) || !strings.HasPrefix(got, at.Format("2006-01-02T15:04:05")) {
			t.Errorf("%s: %q, %s", path, got, a.body)
		}
	}
	if bob := b.get(base + "/static?username=bob"); strings.Contains(bob.body, said) {
		t.Errorf("bob: %s", bob.body)
	}
	program := s.stranger().get(base+"/api/log?username=Ada", "Authorization", "Bearer "+s.token(root))
	if !strings.Contains(program.body, `"gone":"`+at.Format("2006-01-02T15:04:05")) || !strings.Contains(program.body, `"username":"ada"`) {
		t.Errorf("the API: %s", program.body)
	}

	// A refresh that says that nothing has changed would leave the page as it was.
	etag := b.get(base + "/static?username=ada").Header.Get("ETag")
	if err := client.Del(t.Context(), s.logs.KeyPrefix()+"users").Err(); err != nil {
		t.Fatal(err)
	}
	if after := b.get(base + "/static?username=ada").Header.Get("ETag"); after == etag {
		t.Error("a stranger and an expired log have one ETag")
	}
}

// Where it can't be read whether a log has expired, nobody is told that the name is wrong. A page that is open keeps what it shows.
func TestWhoIsGoneIsLost(t *testing.T) {
	t.Parallel()
	for _, partly := range []bool{false, true} {
		client := redistest.Start(t).Client(t)
		s := newSite(t, client, handlers.Options{UserExists: adaAndBob})
		b := s.superuser()
		token := s.token(root)
		ago := float64(time.Now().Add(-2 * time.Hour).UnixMilli())
		for _, username := range []string{"ada", "eve"} { // the site no longer knows eve
			if err := client.ZAdd(t.Context(), s.logs.KeyPrefix()+"users", redis.Z{Score: ago, Member: username}).Err(); err != nil {
				t.Fatal(err)
			}
		}
		s.loseGone(partly)
		for what, a := range map[string]*answer{
			"the page":      b.get(base + "/static?username=eve"),
			"its refresh":   b.get(base+"/static?username=eve", "HX-Request", "true"),
			"the live page": b.get(base + "/live?username=eve"),
			"the API":       s.stranger().get(base+"/api/log?username=eve", "Authorization", "Bearer "+token),
		} {
			if a.StatusCode != http.StatusServiceUnavailable || strings.Contains(a.body, "not found") {
				t.Errorf("partly %v, %s: %d %s", partly, what, a.StatusCode, a.body)
			}
		}
		suggested := b.get(base + "/users?q=eve")
		if isPart := strings.Contains(suggested.body, "A part of the log store"); (suggested.StatusCode == http.StatusOK) != partly || isPart != partly {
			t.Errorf("partly %v, the suggestions: %d %s", partly, suggested.StatusCode, suggested.body)
		}
	}
}

// loseGone lets nobody read any more who is gone, or leaves a part of the answer. All else of Redis answers.
func (s *site) loseGone(partly bool) {
	s.logs.Client().(*redis.Client).AddHook(goneLost{s.logs.KeyPrefix() + "gone", partly})
}

// goneLost fails pipelines that read a key, all of them or partly.
type goneLost struct {
	key    string
	partly bool
}

func (goneLost) DialHook(next redis.DialHook) redis.DialHook { return next }

func (goneLost) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (l goneLost) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	reads := func(c redis.Cmder) bool {
		return slices.ContainsFunc(c.Args(), func(arg any) bool { return fmt.Sprint(arg) == l.key })
	}
	return func(ctx context.Context, commands []redis.Cmder) error {
		if !slices.ContainsFunc(commands, reads) {
			return next(ctx, commands)
		}
		err := errors.New("who is gone can't be read")
		for _, c := range commands {
			if !l.partly || reads(c) {
				c.SetErr(err)
			}
		}
		return err
	}
}
