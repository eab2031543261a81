package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	ginsessions "github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/eachredis"
)

func TestHandlersKeepValues(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		b := newSite(client, auth.SessionOptions{}).browser()
		b.post(t, "/note/anonymous")
		secret := b.cookie(t).Value
		b.post(t, "/note/changed")
		if b.cookie(t).Value != secret {
			t.Error("saving again has made another session")
		}
		if note := b.send(http.MethodGet, "/note").Body.String(); note != "changed" {
			t.Errorf("the note is %q", note)
		}
		b.post(t, "/login/ada")
		b.post(t, "/note/hers")
		b.wantAccount(t, "ada")
		if note := b.send(http.MethodGet, "/note").Body.String(); note != "hers" {
			t.Errorf("the note is %q", note)
		}
	})
}

func TestClearingTheSessionLogsOut(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		b := newSite(client, auth.SessionOptions{}).browser()
		b.post(t, "/login/ada")
		b.post(t, "/clear")
		b.wantAccount(t, "")
	})
}

func TestNegativeMaxAgeEndsTheSession(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		s.POST("/end", func(c *gin.Context) {
			session := ginsessions.Default(c)
			session.Options(ginsessions.Options{MaxAge: -1})
			answer(c, "", session.Save())
		})
		b := s.browser()
		b.post(t, "/login/ada")
		stolen := b.cookie(t)
		b.post(t, "/end")
		if len(b.cookies) != 0 {
			t.Errorf("the browser still has %v", b.cookies)
		}
		s.browser(&stolen).wantAccount(t, "")
	})
}

func TestHandlersCantWeakenTheCookie(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		s.POST("/weaken", func(c *gin.Context) {
			session := ginsessions.Default(c)
			session.Set("note", "x")
			session.Options(ginsessions.Options{Path: "/", MaxAge: 1 << 30, SameSite: http.SameSiteNoneMode})
			answer(c, "", session.Save())
		})
		b := s.browser()
		b.post(t, "/weaken")
		if got := b.cookie(t); !got.Secure || !got.HttpOnly || got.SameSite != http.SameSiteLaxMode || got.MaxAge != 0 {
			t.Errorf("got %+v", got)
		}
	})
}

func TestOnlyStringsAreKeys(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		s.POST("/bad/key", func(c *gin.Context) {
			session := ginsessions.Default(c)
			session.Set(7, "x")
			answer(c, "", session.Save())
		})
		s.POST("/bad/value", func(c *gin.Context) {
			session := ginsessions.Default(c)
			session.Set("x", func() {})
			answer(c, "", session.Save())
		})
		for _, path := range []string{"/bad/key", "/bad/value"} {
			b := s.browser()
			if w := b.send(http.MethodPost, path); w.Code == http.StatusOK || len(b.cookies) != 0 {
				t.Errorf("%s: status %d, cookies %v", path, w.Code, b.cookies)
			}
		}
		if left := allKeys(t, client); len(left) != 0 {
			t.Errorf("there remain %q", left)
		}
	})
}

// A session that is ended while one of its requests runs stays ended, whatever that request writes.
func TestSavingDoesNotBringASessionBack(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		s.POST("/late", func(c *gin.Context) {
			session := ginsessions.Default(c)
			session.Set("note", "late")
			if err := s.accounts.EndSessions(c, "ada"); err != nil {
				t.Error(err)
			}
			answer(c, "", session.Save())
		})
		b := s.browser()
		b.post(t, "/login/ada")
		if w := b.send(http.MethodPost, "/late"); w.Code == http.StatusOK {
			t.Error("the session was saved")
		}
		b.wantAccount(t, "")
		if left := allKeys(t, client); len(left) != 0 {
			t.Errorf("there remain %q", left)
		}
	})
}

func TestSavingAfterTheEndWritesNothing(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		s.POST("/slow", func(c *gin.Context) {
			session := ginsessions.Default(c)
			session.Set("note", "late")
			s.now = s.now.Add(auth.SessionLifetime)
			answer(c, "", session.Save())
		})
		b := s.browser()
		b.post(t, "/login/ada")
		before := storedSession(t, client)
		if w := b.send(http.MethodPost, "/slow"); w.Code == http.StatusOK {
			t.Error("the session was saved")
		}
		if after := storedSession(t, client); after != before {
			t.Errorf("Redis has %s, want %s", after, before)
		}
	})
}

// Redis is away when the session is loaded and back when it is saved: the empty session that the
// handler got must not take the place of the one that could not be read.
func TestWhatCouldNotBeLoadedIsNotSaved(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		redisIs := &outage{}
		client.AddHook(redisIs)
		s := newSite(client, auth.SessionOptions{})
		s.POST("/outage", func(c *gin.Context) {
			session := ginsessions.Default(c)
			redisIs.away = true
			session.Set("note", "x")
			redisIs.away = false
			answer(c, "", session.Save())
		})
		b := s.browser()
		b.post(t, "/login/ada")
		if w := b.send(http.MethodPost, "/outage"); w.Code != http.StatusServiceUnavailable || len(w.Result().Cookies()) != 0 {
			t.Errorf("status %d, cookies %v", w.Code, w.Result().Cookies())
		}
		b.wantAccount(t, "ada")
	})
}

// outage is a hook that fails every command while Redis is away.
type outage struct{ away bool }

var errAway = errors.New("redis is away")

func (o *outage) DialHook(next redis.DialHook) redis.DialHook { return next }

func (o *outage) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if o.away {
			cmd.SetErr(errAway)
			return errAway
		}
		return next(ctx, cmd)
	}
}

func (o *outage) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if o.away {
			return errAway
		}
		return next(ctx, cmds)
	}
}

func TestStoredSessionThatCantBeReadIsNobody(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		b := s.browser()
		b.post(t, "/login/ada")
		foreign := fmt.Sprintf(`{"account":"ada","created":%d,"seen":%[1]d,"values":7}`, s.now.Unix())
		for _, key := range allKeys(t, client) {
			if key == keys.AccountSessions("ada") {
				continue
			}
			if err := client.Set(t.Context(), key, foreign, time.Hour).Err(); err != nil {
				t.Fatal(err)
			}
		}
		b.wantAccount(t, "")
		b.post(t, "/login/ada")
		b.wantAccount(t, "ada")
	})
}

func TestAccessWithoutTheMiddleware(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		b := s.browser()
		b.post(t, "/login/ada")
		cookie := b.cookie(t)
		c, _ := gin.CreateTestContext(httptest.NewRecorder())
		c.Request = httptest.NewRequest(http.MethodGet, b.origin, nil)
		c.Request.AddCookie(&cookie)
		access, err := s.sessions.Access(c)
		if access.Account != "ada" || access.Role != auth.Superuser || access.Via != auth.ViaSession || err != nil {
			t.Errorf("got %+v, %v", access, err)
		}
	})
}
