package auth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	ginsessions "github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
)

// site is a small Gin application with a login, and a clock that the test moves.
type site struct {
	*gin.Engine
	accounts *auth.Accounts
	sessions *auth.Sessions
	tokens   *auth.Tokens
	client   redis.UniversalClient
	now      time.Time
}

func newSite(client redis.UniversalClient, options auth.SessionOptions) *site {
	s := &site{Engine: gin.New(), client: client, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	options.Now = func() time.Time { return s.now }
	s.accounts = auth.NewAccounts(client, keys, cheap)
	s.tokens = auth.NewTokens(client, keys)
	s.sessions = auth.NewSessions(client, keys, options)
	s.Use(s.sessions.Middleware())
	s.GET("/account", func(c *gin.Context) {
		access, err := s.sessions.Access(c)
		answer(c, access.Account, err)
	})
	s.POST("/login/:name", func(c *gin.Context) {
		account, err := s.account(c, c.Param("name"))
		if err == nil {
			err = s.sessions.LogIn(c, account, "192.0.2.1")
		}
		answer(c, "", err)
	})
	s.POST("/logout", func(c *gin.Context) {
		_, err := s.sessions.LogOut(c)
		answer(c, "", err)
	})
	s.GET("/note", func(c *gin.Context) {
		note, _ := ginsessions.Default(c).Get("note").(string)
		answer(c, note, nil)
	})
	s.POST("/note/:note", func(c *gin.Context) {
		session := ginsessions.Default(c)
		session.Set("note", c.Param("note"))
		answer(c, "", session.Save())
	})
	s.POST("/clear", func(c *gin.Context) {
		session := ginsessions.Default(c)
		session.Clear()
		answer(c, "", session.Save())
	})
	return s
}

// account returns the account of that name, which is made where there is none. It costs no hash.
func (s *site) account(ctx context.Context, name string) (auth.Account, error) {
	if err := s.client.HSetNX(ctx, keys.Accounts(), name, `{"role":"superuser","password":"unused"}`).Err(); err != nil {
		return auth.Account{}, err
	}
	return s.accounts.Get(ctx, name)
}

// make makes accounts that have a password which nobody knows.
func (s *site) make(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := s.account(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
}

// logInAs adds a login of an account as it was read before.
func (s *site) logInAs(account auth.Account) {
	s.POST("/login", func(c *gin.Context) { answer(c, "", s.sessions.LogIn(c, account, "192.0.2.1")) })
}

// access returns by what right a browser is logged in.
func (s *site) access(t *testing.T, b *browser) auth.Access {
	t.Helper()
	c, _ := gin.CreateTestContext(httptest.NewRecorder())
	c.Request = httptest.NewRequest(http.MethodGet, b.origin, nil)
	cookie := b.cookie(t)
	c.Request.AddCookie(&cookie)
	access, err := s.sessions.Access(c)
	if err != nil || access.Account == "" {
		t.Fatalf("nobody is logged in: %v", err)
	}
	return access
}

// answer is 200 with text, or 503 where there is an error.
func answer(c *gin.Context, text string, err error) {
	if err != nil {
		c.Status(http.StatusServiceUnavailable)
		return
	}
	c.String(http.StatusOK, "%s", text)
}

// later moves the site's clock and Redis's together.
func (s *site) later(t *testing.T, d time.Duration) {
	t.Helper()
	s.now = s.now.Add(d)
	forward(t, s.client, d)
}

// browser keeps cookies as browsers do, of one site.
type browser struct {
	site    *site
	origin  string
	cookies map[string]*http.Cookie
}

func (s *site) browser(cookies ...*http.Cookie) *browser {
	b := &browser{site: s, origin: "https://admin.example.com", cookies: map[string]*http.Cookie{}}
	for _, cookie := range cookies {
		b.cookies[cookie.Name] = cookie
	}
	return b
}

// send makes a request and follows what the response says about cookies.
func (b *browser) send(method, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, b.origin+path, nil)
	r.Header.Set("User-Agent", "Firefox\x1b on X")
	for _, cookie := range b.cookies {
		r.AddCookie(cookie)
	}
	w := httptest.NewRecorder()
	b.site.ServeHTTP(w, r)
	for _, cookie := range w.Result().Cookies() {
		if cookie.MaxAge < 0 {
			delete(b.cookies, cookie.Name)
		} else {
			b.cookies[cookie.Name] = cookie
		}
	}
	return w
}

// post sends a request that has to succeed.
func (b *browser) post(t *testing.T, path string) {
	t.Helper()
	if w := b.send(http.MethodPost, path); w.Code != http.StatusOK {
		t.Fatalf("POST %s: status %d", path, w.Code)
	}
}

// wantAccount checks who is logged in; "" is nobody.
func (b *browser) wantAccount(t *testing.T, want string) {
	t.Helper()
	w := b.send(http.MethodGet, "/account")
	if got := w.Body.String(); w.Code != http.StatusOK || got != want {
		t.Errorf("logged in: %q (status %d), want %q", got, w.Code, want)
	}
}

// cookie returns the only cookie that the browser has.
func (b *browser) cookie(t *testing.T) http.Cookie {
	t.Helper()
	if len(b.cookies) != 1 {
		t.Fatalf("the browser has %d cookies, want 1", len(b.cookies))
	}
	for _, cookie := range b.cookies {
		return *cookie
	}
	return http.Cookie{}
}
