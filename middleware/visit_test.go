package middleware_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/middleware"
)

// Nothing of an id is recorded, the same id is the same visit in all processes, and an empty one is none.
func TestVisitsAreHashed(t *testing.T) {
	visit := func(id string) string {
		m := &memory{}
		r := site(middleware.Track(m, header, middleware.Options{}))
		r.GET("/", func(c *gin.Context) { middleware.SetVisit(c, id) })
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Header.Set("X-User", "ada")
		r.ServeHTTP(httptest.NewRecorder(), request)
		return m.await(t, 1)[0].Visit
	}
	seen := map[string]bool{}
	for _, id := range []string{"a", "b", "session", "<script>", "\x00\xff", strings.Repeat("hunter2", 8<<10)} {
		got := visit(id)
		if len(got) != 8 || strings.Trim(got, "abcdefghijkmnpqrstuvwxyz23456789") != "" || strings.Contains(got, id) && len(id) > 1 || seen[got] || got != visit(id) {
			t.Errorf("%.20q is the visit %q", id, got)
		}
		seen[got] = true
	}
	if got := visit(""); got != "" {
		t.Errorf("no id is the visit %q", got)
	}
}
