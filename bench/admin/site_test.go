package admin

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/bench/internal/start"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// The one account of a site.
const (
	account  = "known-account"
	password = "correct horse battery"
)

// site is an admin with a Redis of its own, and a superuser who has logged in.
type site struct {
	http.Handler
	logs   *store.Store
	cookie *http.Cookie
}

func newSite(b *testing.B) *site {
	b.Helper()
	logs := start.Store(b, redistest.Start(b).URL)
	admin, err := handlers.New(logs, handlers.Options{Logger: start.Quiet().Logger})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := admin.Close(ctx); err != nil {
			b.Error(err)
		}
	})
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	admin.Mount(engine.Group("/userlog"))
	accounts := auth.NewAccounts(logs.Client(), auth.Keys{Prefix: logs.KeyPrefix()}, auth.AccountOptions{})
	if err := accounts.Create(b.Context(), account, auth.Superuser, password); err != nil {
		b.Fatal(err)
	}
	s := &site{Handler: engine, logs: logs}
	s.cookie = s.serve(b, loginForm(account, password), http.StatusSeeOther).Result().Cookies()[0]
	return s
}

// loginForm is the login form as it is sent.
func loginForm(name, password string) *http.Request {
	form := url.Values{"username": {name}, "password": {password}}
	r := httptest.NewRequest(http.MethodPost, "/userlog/login", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// get is a request of the superuser's.
func (s *site) get(target, encoding string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.AddCookie(s.cookie)
	r.Header.Set("Accept-Encoding", encoding)
	return r
}

// serve answers a request, whose status must be code.
func (s *site) serve(b *testing.B, r *http.Request, code int) *httptest.ResponseRecorder {
	b.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != code {
		b.Fatalf("%s %s: got %d, want %d", r.Method, r.URL, w.Code, code)
	}
	return w
}

// fillLog records as much of one user as is kept, and returns when Redis has it.
func (s *site) fillLog(b *testing.B, username string) {
	b.Helper()
	for i := range store.DefaultMaxEntries {
		s.logs.Record(store.Entry{
			Username: username, Method: "GET", Path: "/orders/" + strconv.Itoa(i) + "?page=2", Route: "/orders/:id",
			Code: 200 + 100*(i%4), Duration: 3 * time.Millisecond, RequestID: "request-" + strconv.Itoa(i),
			Kind: store.KindPage, Page: "Order details", From: "/orders?page=2",
		})
	}
	start.Await(s.logs, 0)
}
