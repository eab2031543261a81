package auth_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/eachredis"
)

func TestABrowserIsKnownForItsAccount(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		known := auth.NewSessions(client, keys, auth.SessionOptions{}).KnownBrowsers()
		w := httptest.NewRecorder()
		c, _ := gin.CreateTestContext(w)
		c.Request = httptest.NewRequest(http.MethodPost, "https://example.com/", nil)
		known.Remember(c, "ada")
		cookie := w.Result().Cookies()[0]
		if cookie.SameSite != http.SameSiteStrictMode || !cookie.HttpOnly || !cookie.Secure {
			t.Errorf("the cookie is %v", cookie)
		}
		// Another process knows it, too.
		known = auth.NewSessions(client, keys, auth.SessionOptions{}).KnownBrowsers()
		knows := func(value, account string) bool {
			c.Request = httptest.NewRequest(http.MethodPost, "https://example.com/", nil)
			c.Request.AddCookie(&http.Cookie{Name: cookie.Name, Value: value})
			return known.Knows(c, account)
		}
		if !knows(cookie.Value, "ada") || knows(cookie.Value, "grace") || knows("", "ada") || knows("A"+cookie.Value[1:], "ada") == (cookie.Value[0] != 'A') && cookie.Value[0] != 'A' {
			t.Errorf("%s is not ada's only", cookie.Value)
		}
	})
}
