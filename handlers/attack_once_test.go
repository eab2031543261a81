package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// barrier lets requests go on only when all of them have read something from Redis. So each has checked before any has changed
// anything, as it happens by chance where Redis is some way off.
type barrier struct {
	reads string // part of a command: its name, a space and its key
	open  chan struct{}

	mu   sync.Mutex
	left int
}

// together has n requests wait for each other behind a command.
func (s *site) together(n int, reads string) {
	s.logs.Client().(*redis.Client).AddHook(&barrier{reads: reads, left: n, open: make(chan struct{})})
}

func (b *barrier) pass(ctx context.Context, commands ...redis.Cmder) {
	if !slices.ContainsFunc(commands, func(c redis.Cmder) bool {
		return strings.Contains(fmt.Sprint(append([]any{c.Name()}, c.Args()[1:]...)...), b.reads)
	}) {
		return
	}
	b.mu.Lock()
	if b.left--; b.left == 0 {
		close(b.open)
	}
	b.mu.Unlock()
	select {
	case <-b.open:
	case <-ctx.Done():
	}
}

func (b *barrier) DialHook(next redis.DialHook) redis.DialHook { return next }

func (b *barrier) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, c redis.Cmder) error {
		err := next(ctx, c)
		b.pass(ctx, c)
		return err
	}
}

func (b *barrier) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, all []redis.Cmder) error {
		err := next(ctx, all)
		b.pass(ctx, all...)
		return err
	}
}

// What can be done once leaves one record, however many requests ask for it at the same time.
func TestOneRecordOfWhatIsDoneOnce(t *testing.T) {
	t.Parallel()
	const fresh = "another horse battery"
	for what, c := range map[string]struct {
		path   string
		form   url.Values
		reads  string
		record string
	}{
		"a logout":                         {"/logout", nil, "session:", "vera logout"},
		"a logout by the list of sessions": {"/account/session", url.Values{"id": {"own"}}, "session:", "vera logout"},
		"an end of all sessions":           {"/account/sessions", nil, "session:", "vera sessions-ended vera"},
		"a new password":                   {"/account/password", url.Values{"current": {password}, "password": {fresh}}, "session:", "vera password-set vera"},
		"a link":                           {"/password", url.Values{"username": {"vera"}, "code": {"link"}, "password": {fresh}}, "hmget", "vera password-set vera"},
	} {
		t.Run(what, func(t *testing.T) {
			s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
			b := s.viewer("vera")
			if c.form.Has("code") {
				link, err := s.accounts().MakeLink(t.Context(), "vera")
				if err != nil {
					t.Fatal(err)
				}
				c.form.Set("code", link)
			}
			if c.form.Has("id") {
				c.form.Set("id", b.get(base+"/account").find("#sessions input[name=id]").AttrOr("value", ""))
			}
			s.together(auth.AttemptsPerPair, c.reads)
			var requests sync.WaitGroup
			for range auth.AttemptsPerPair {
				requests.Go(func() {
					if a := b.post(base+c.path, c.form); a.StatusCode != http.StatusSeeOther && a.StatusCode != http.StatusUnprocessableEntity {
						t.Errorf("answered %d", a.StatusCode)
					}
				})
			}
			requests.Wait()
			got, found := s.audited(), 0
			for _, record := range got {
				if record == c.record {
					found++
				}
			}
			if found != 1 {
				t.Errorf("%d records of %q, of all %q", found, c.record, got)
			}
		})
	}
}

// An attacker who knows a password can't fill the audit log with logins, from however many addresses.
func TestLoginsAreInsideAnAllowance(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.viewer("vera")
	s.useUpAllowance("vera", "password")
	before := s.audited()
	again := s.stranger()
	a := again.logIn(base, "vera", password, "")
	if s.count429(a) != 1 || again.session() != "" {
		t.Errorf("a login: %d", a.StatusCode)
	}
	a = b.post(base+"/account/password", form("current", password, "password", "another horse battery"))
	if s.count429(a) != 1 {
		t.Errorf("a new password: %d", a.StatusCode)
	}
	if after := s.audited(); !slices.Equal(before, after) {
		t.Errorf("written down: %q", after[len(before):])
	}
	if a := b.get(base + "/static?username=ada"); a.StatusCode != http.StatusOK {
		t.Errorf("a look is counted apart, and gets %d", a.StatusCode)
	}
}
