package middleware_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

// What handlers of net/http say is recorded, whatever middleware has made of request and writer in between.
func TestHandlersOfHTTPSayWhatWentWrong(t *testing.T) {
	say := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		middleware.InvalidHTTP(r, nil) // changes nothing
		middleware.ProblemHTTP(r, "card declined")
		middleware.SetVisitHTTP(r, "session")
		w.WriteHeader(http.StatusUnprocessableEntity)
		io.WriteString(w, middleware.ReferenceHTTP(r)+middleware.ReferenceHTTP(r))
	})
	between := map[string]func(http.Handler) http.Handler{
		"nothing": func(next http.Handler) http.Handler { return next },
		"a copy of the request": func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r.Clone(context.WithoutCancel(r.Context())))
			})
		},
		"a time limit": func(next http.Handler) http.Handler { return http.TimeoutHandler(next, time.Minute, "") },
		"a tracker inside": func(next http.Handler) http.Handler {
			return middleware.TrackHTTP(&memory{}, httpUser, middleware.HTTPOptions{})(next)
		},
	}
	for name, wrap := range between {
		logs := &memory{}
		answer := httptest.NewRecorder()
		request := httptest.NewRequest(http.MethodPost, "/pay", nil)
		request.Header.Set("X-User", "ada")
		middleware.TrackHTTP(logs, httpUser, middleware.HTTPOptions{})(wrap(say)).ServeHTTP(answer, request)
		e := logs.await(t, 1)[0]
		code, err := store.ParseReference(answer.Body.String()[:len(answer.Body.String())/2])
		if err != nil || e.Reference != code || answer.Body.String() != code+code {
			t.Errorf("%s: told is %q, and recorded %q (%v)", name, answer.Body, e.Reference, err)
		}
		if e.Problem != "card declined" || len(e.Visit) != 8 || !e.Failed() {
			t.Errorf("%s: recorded %+v", name, e)
		}
	}
}

// Where nothing is recorded, nothing is said, and no code is given that would lead nowhere.
func TestHandlersOfHTTPWithoutATracker(t *testing.T) {
	request := httptest.NewRequest(http.MethodGet, "/", nil)
	middleware.ProblemHTTP(request, "card declined")
	middleware.InvalidHTTP(request, errors.New("no"))
	middleware.SetVisitHTTP(request, "session")
	if code := middleware.ReferenceHTTP(request); code != "" {
		t.Errorf("a code is %q", code)
	}
}

// Behind TrackHTTP, a handler of Gin and one of net/http speak of the same request.
func TestGinBehindTrackHTTPHasOneCode(t *testing.T) {
	logs := &memory{}
	gin.SetMode(gin.TestMode)
	engine := gin.New()
	engine.GET("/", func(c *gin.Context) {
		c.String(http.StatusOK, "%s %s", middleware.Reference(c), middleware.ReferenceHTTP(c.Request))
	})
	request, answer := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
	request.Header.Set("X-User", "ada")
	middleware.TrackHTTP(logs, httpUser, middleware.HTTPOptions{})(engine).ServeHTTP(answer, request)
	if code := logs.await(t, 1)[0].Reference; answer.Body.String() != code+" "+code {
		t.Errorf("told is %q, and recorded %q", answer.Body, code)
	}
}
