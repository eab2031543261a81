package middleware_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

// The code on an error page is that of the line, wherever the host makes the page.
func TestReferenceIsThatOfTheLine(t *testing.T) {
	tell := func(c *gin.Context) {
		middleware.Reference(c)
		c.String(http.StatusInternalServerError, middleware.Reference(c))
	}
	recovery := func() gin.HandlerFunc {
		return gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) { tell(c) })
	}
	outside := func(c *gin.Context) {
		if c.Next(); !c.Writer.Written() {
			tell(c)
		}
	}
	early := func(c *gin.Context) { middleware.Reference(c) }
	for name, test := range map[string]struct {
		before, inside []gin.HandlerFunc
		handler        gin.HandlerFunc
	}{
		"a handler":                   {handler: tell},
		"a recovery inside":           {inside: []gin.HandlerFunc{recovery()}, handler: func(*gin.Context) { panic("broken") }},
		"a recovery outside":          {before: []gin.HandlerFunc{recovery()}, handler: func(*gin.Context) { panic("broken") }},
		"an error handler outside":    {before: []gin.HandlerFunc{outside}, handler: func(c *gin.Context) { _ = c.Error(io.EOF) }},
		"a middleware before, and it": {before: []gin.HandlerFunc{early}, handler: tell},
	} {
		m := &memory{}
		gin.SetMode(gin.TestMode)
		r := gin.New()
		r.Use(test.before...)
		r.Use(middleware.Track(m, header, middleware.Options{}))
		r.Use(test.inside...)
		r.GET("/", test.handler)
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Header.Set("X-User", "ada")
		answer := httptest.NewRecorder()
		r.ServeHTTP(answer, request)
		told := answer.Body.String()
		if _, err := store.ParseReference(told); err != nil {
			t.Errorf("%s: told is %q, %v", name, told, err)
		}
		if got := m.await(t, 1)[0].Reference; got != told {
			t.Errorf("%s: told is %q, and recorded %q", name, told, got)
		}
	}
}

// A request that is in two logs leads to one of them by its code.
func TestReferenceLeadsToOneLog(t *testing.T) {
	m, user := &memory{}, "ada"
	r := site(middleware.Track(m, func(*gin.Context) string { return user }, middleware.Options{BothUsers: true}))
	r.GET("/become", func(c *gin.Context) {
		user = "bob"
		c.String(http.StatusOK, middleware.Reference(c))
	})
	r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/become", nil))
	if all := m.await(t, 2); all[0].Username != "bob" || all[0].Reference == "" || all[1].Reference != "" {
		t.Errorf("recorded are %q of %s and %q of %s", all[0].Reference, all[0].Username, all[1].Reference, all[1].Username)
	}
}
