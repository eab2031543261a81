package logins

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	m.Run()
}

// usernames notes whose requests were recorded.
type usernames []string

func (u *usernames) Record(e store.Entry) { *u = append(*u, e.Username) }

// want checks whose requests were recorded, and forgets them.
func (u *usernames) want(t *testing.T, want ...string) {
	t.Helper()
	if len(*u) != len(want) {
		t.Fatalf("recorded were requests of %q, want %q", *u, want)
	}
	for i := range want {
		if (*u)[i] != want[i] {
			t.Errorf("recorded were requests of %q, want %q", *u, want)
		}
	}
	*u = nil
}

// get makes a request, changed by change, and returns its answer.
func get(r http.Handler, path string, change func(*http.Request)) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, path, nil)
	change(request)
	w := httptest.NewRecorder()
	r.ServeHTTP(w, request)
	return w
}

func ok(c *gin.Context) { c.Status(http.StatusOK) }

func TestBasicAuth(t *testing.T) {
	var recorded usernames
	r := gin.New()
	r.Use(middleware.Track(&recorded, FromBasicAuth, middleware.Options{}))
	r.GET("/orders", gin.BasicAuth(gin.Accounts{"ada": "countess"}), ok)
	get(r, "/orders", func(r *http.Request) { r.SetBasicAuth("ada", "countess") })
	get(r, "/orders", func(r *http.Request) { r.SetBasicAuth("ada", "wrong") })
	recorded.want(t, "ada")
}

// The session is per route: the page without it is nobody's, and nothing panics.
func TestSession(t *testing.T) {
	var recorded usernames
	r := gin.New()
	r.Use(middleware.Track(&recorded, FromSession, middleware.Options{}))
	session := sessions.Sessions("site", cookie.NewStore([]byte("a key of thirty-two bytes or more")))
	r.GET("/login", session, func(c *gin.Context) {
		s := sessions.Default(c)
		s.Set("user", "ada")
		if err := s.Save(); err != nil {
			t.Error(err)
		}
	})
	r.GET("/orders", session, ok)
	r.GET("/about", ok)
	answer := get(r, "/login", func(*http.Request) {})
	cookies := answer.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("the login set %d cookies", len(cookies))
	}
	get(r, "/orders", func(r *http.Request) { r.AddCookie(cookies[0]) })
	get(r, "/about", func(r *http.Request) { r.AddCookie(cookies[0]) })
	recorded.want(t, "ada", "ada")
}

func TestToken(t *testing.T) {
	var recorded usernames
	verify := func(token string) (string, error) {
		if token != "good" {
			return "", errors.New("the signature is wrong")
		}
		return "ada", nil
	}
	r := gin.New()
	r.Use(middleware.Track(&recorded, FromToken(verify), middleware.Options{}))
	r.GET("/orders", func(c *gin.Context) { c.Set("user", "grace") }, ok) // the route's own middleware
	r.GET("/about", ok)
	inHeader := func(token string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
	}
	inCookie := func(token string) func(*http.Request) {
		return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "token", Value: token}) }
	}
	get(r, "/orders", inHeader("good"))
	recorded.want(t, "grace")
	get(r, "/about", inHeader("good"))
	get(r, "/about", inCookie("good"))
	recorded.want(t, "ada", "ada")
	get(r, "/about", inHeader("forged"))
	get(r, "/about", inCookie("forged"))
	get(r, "/about", func(*http.Request) {})
	recorded.want(t)
}
