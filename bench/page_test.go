package bench

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// BenchmarkPage is the server's time for what a superuser who is logged in asks for most, compressed as
// browsers want it: the pages of a user who has a full log, the answer that it has not changed, and the
// home page with as many users as it lists.
func BenchmarkPage(b *testing.B) {
	gin.SetMode(gin.ReleaseMode)
	logs := openStore(b, redistest.Start(b).URL, store.Options{})
	fillLog(b, logs, "ada")
	for n := range 20 {
		fillLog(b, logs, "user-"+strconv.Itoa(n))
	}
	admin := newAdmin(b, logs)
	engine := gin.New()
	admin.Mount(engine.Group("/userlog"))
	cookie := logIn(b, logs, engine)

	page := func(target string) *http.Request {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		r.AddCookie(cookie)
		r.Header.Set("Accept-Encoding", "gzip")
		return r
	}
	static := page("/userlog/static?username=ada")
	unchanged := page("/userlog/static?username=ada")
	unchanged.Header.Set("HX-Request", "true")
	unchanged.Header.Set("If-None-Match", serve(b, engine, static, http.StatusOK).Header().Get("ETag"))
	for _, c := range []struct {
		name    string
		request *http.Request
		code    int
	}{
		{"static", static, http.StatusOK},
		{"live", page("/userlog/live?username=ada"), http.StatusOK},
		{"home", page("/userlog/"), http.StatusOK},
		{"unchanged", unchanged, http.StatusNotModified},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				serve(b, engine, c.request, c.code)
			}
		})
	}
}

// newAdmin returns an admin with its own login, that is closed at the end.
func newAdmin(b *testing.B, logs *store.Store) *handlers.Admin {
	b.Helper()
	admin, err := handlers.New(logs, handlers.Options{Logger: slog.New(slog.DiscardHandler)})
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
	return admin
}

// logIn makes a superuser, logs in and returns the session's cookie.
func logIn(b *testing.B, logs *store.Store, engine *gin.Engine) *http.Cookie {
	b.Helper()
	const name, password = "root", "correct horse battery"
	if err := auth.NewAccounts(logs.Client(), auth.Keys{Prefix: logs.KeyPrefix()}, auth.AccountOptions{}).Create(b.Context(), name, auth.Superuser, password); err != nil {
		b.Fatal(err)
	}
	form := url.Values{"username": {name}, "password": {password}}
	r := httptest.NewRequest(http.MethodPost, "/userlog/login", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	cookies := serve(b, engine, r, http.StatusSeeOther).Result().Cookies()
	if len(cookies) != 1 {
		b.Fatalf("the login set %d cookies", len(cookies))
	}
	return cookies[0]
}

// fillLog records as much of one user as is kept, and returns when Redis has it.
func fillLog(b *testing.B, logs *store.Store, username string) {
	b.Helper()
	entries := make([]store.Entry, store.DefaultMaxEntries)
	for i := range entries {
		entries[i] = store.Entry{
			Username: username, Method: "GET", Path: "/orders/" + strconv.Itoa(i) + "?page=2", Route: "/orders/:id",
			Code: 200 + 100*(i%4), Duration: 3 * time.Millisecond, RequestID: "request-" + strconv.Itoa(i),
			Kind: store.KindPage, Page: "Order details", From: "/orders?page=2",
		}
	}
	write(b, logs, entries)
}

// serve answers one request, whose status must be code.
func serve(b *testing.B, engine *gin.Engine, r *http.Request, code int) *httptest.ResponseRecorder {
	b.Helper()
	w := httptest.NewRecorder()
	engine.ServeHTTP(w, r)
	if w.Code != code {
		b.Fatalf("%s %s: got %d, want %d", r.Method, r.URL, w.Code, code)
	}
	return w
}
