package auth_test

import (
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
	sessions *auth.Sessions
	client   redis.UniversalClient
	now      time.Time
}

func newSite(client redis.UniversalClient, options auth.SessionOptions) *site {
	s := &site{Engine: gin.New(), client: client, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	options.Now = func() time.Time { return s.now }
	s.sessions = auth.NewSessions(client, keys, options)
	s.Use(s.sessions.Middleware())
	s.GET("/account", func(c *gin.Context) {
		name, err := s.sessions.Account(c)
		answer(c, name, err)
	})
	s.POST("/login/:name", func(c *gin.Context) { answer(c, "", s.sessions.LogIn(c, c.Param("name"))) })
	s.POST("/logout", func(c *gin.Context) { answer(c, "", s.sessions.LogOut(c)) })
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
