package e2e

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

func TestBasePath(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"/", "/support/logs"} {
		t.Run(base, func(t *testing.T) {
			redis := redistest.Start(t)
			site, logs := serve(t, redis, "--base-path", base), openStore(t, redis)
			record(logs, "ada", "/help")
			prefix := base
			if base == "/" {
				prefix = ""
			}
			b := openTab(t, site.origin+prefix)
			b.holdSession(site, site.superuser)
			b.walk(prefix, "/help")
		})
	}
}

func TestMountedInAHostWithItsOwnLogin(t *testing.T) {
	t.Parallel()
	const prefix = "/back/office"
	logs := openStore(t, redistest.Start(t))
	origin := host(t, logs, prefix)
	b := openTab(t, origin+prefix)

	b.expect("the server responded with a status of 403") // the host has not been asked to log in yet
	b.visit("/")
	b.shows("h1", "No access")
	b.do("log in to the host", chromedp.Navigate(origin+"/login?name=root"))
	b.walk(prefix, "/orders/7")
	if forms := evaluate[int](b, "document.querySelectorAll('header form[method=post]').length"); forms != 0 {
		t.Error("the admin offers to log out of the host's login")
	}
}

// walk goes through the pages of an admin mounted at prefix by their links, and sees a log with one
// request on each of them.
func (b *tab) walk(prefix, logged string) {
	b.t.Helper()
	b.visit("/")
	b.click("#seen td.user a")
	b.isAt("/live?username=ada")
	b.isConnected("live")
	b.hasURLs(logged)
	b.click(".heading .switch a:not([aria-current])")
	b.isAt("/static?username=ada")
	b.hasURLs(logged)
	b.click("header nav a:nth-of-type(3)")
	b.isAt("/live/everyone")
	b.isConnected("live")
	b.visit("/live/everyone?show=")
	b.hasURLs(logged)
	b.click("header a.brand")
	b.eventually("the home page", "location.pathname === "+quote(prefix+"/"))
	outside := evaluate[string](b, `[...document.querySelectorAll('[href], [src], [action]')]
		.map(e => e.getAttribute('href') ?? e.getAttribute('src') ?? e.getAttribute('action'))
		.filter(u => !u.startsWith('#') && !u.startsWith(`+quote(prefix+"/")+`)).join()`)
	if outside != "" {
		b.t.Errorf("links lead out of %s/: %s", prefix, outside)
	}
}

// host serves an application with a login of its own, the middleware and the admin at prefix. One of
// its users has visited a page.
func host(t *testing.T, logs *store.Store, prefix string) (origin string) {
	t.Helper()
	user := func(c *gin.Context) string {
		name, err := c.Cookie("user")
		if err != nil {
			return ""
		}
		return name
	}
	engine := gin.New()
	engine.GET("/login", func(c *gin.Context) {
		http.SetCookie(c.Writer, &http.Cookie{Name: "user", Value: c.Query("name"), Path: "/"})
		c.Data(http.StatusOK, "text/html", []byte(`<link rel="icon" href="data:,"><p>Welcome</p>`))
	})
	engine.Use(middleware.Track(logs, user, middleware.Options{}))
	engine.GET("/orders/:id", func(c *gin.Context) { c.Status(http.StatusNoContent) })
	admin, err := handlers.New(logs, handlers.Options{Identify: func(c *gin.Context) (string, auth.Role) {
		if name := user(c); name == "root" {
			return name, auth.Superuser
		}
		return "", ""
	}})
	if err != nil {
		t.Fatal(err)
	}
	admin.Mount(engine.Group(prefix))
	origin = serveHost(t, engine, admin)
	visit(t, origin+"/orders/7", &http.Cookie{Name: "user", Value: "ada"})
	return origin
}

// panicking serves the admin, with a page beside its own that panics.
func panicking(t testing.TB, logs *store.Store, path string) (origin string) {
	t.Helper()
	admin, err := handlers.New(logs, handlers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	engine := gin.New()
	engine.Use(gin.CustomRecoveryWithWriter(io.Discard, admin.Recovered))
	admin.Mount(engine.Group("/userlog"))
	engine.GET(path, func(*gin.Context) { panic("on purpose") })
	return serveHost(t, engine, admin)
}

// obliging is a provider that lets everybody in, at once. Its tests are in test/signon, with a real one.
type obliging struct{}

// Begin sends the browser right back.
func (obliging) Begin(_ context.Context, redirect, next string) (address, attempt string, err error) {
	return redirect + "?state=" + rand.Text(), url.QueryEscape(next), nil
}

// BeginProof is Begin with an attempt that Finish knows.
func (o obliging) BeginProof(ctx context.Context, redirect, next string) (address, attempt string, err error) {
	address, attempt, err = o.Begin(ctx, redirect, next)
	return address, "proof:" + attempt, err
}

// Finish lets somebody in.
func (obliging) Finish(_ context.Context, attempt string, _ url.Values) (handlers.SignedOn, error) {
	kept, isProof := strings.CutPrefix(attempt, "proof:")
	next, err := url.QueryUnescape(kept)
	who := handlers.SignedOn{Name: signedOn, Subject: signedOn, Role: auth.Superuser, Sealed: "x", Next: next, Proof: isProof}
	if isProof {
		who.Proven = time.Now()
	}
	return who, err
}

// Check has nothing to say.
func (obliging) Check(context.Context, string) (handlers.SignedOn, error) {
	return handlers.SignedOn{Role: auth.Superuser}, nil
}

// LogoutURL is nowhere.
func (obliging) LogoutURL(context.Context, string) string { return "" }

// signedOnElsewhere serves an admin whose people log in at a provider.
func signedOnElsewhere(t testing.TB, logs *store.Store) (origin string) {
	t.Helper()
	admin, err := handlers.New(logs, handlers.Options{SingleSignOn: obliging{}})
	if err != nil {
		t.Fatal(err)
	}
	engine := gin.New()
	admin.Mount(engine.Group("/userlog"))
	return serveHost(t, engine, admin)
}

// serveHost serves an application in which an admin is mounted.
func serveHost(t testing.TB, application http.Handler, admin *handlers.Admin) (origin string) {
	t.Helper()
	server := httptest.NewServer(application)
	t.Cleanup(server.Close)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := admin.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return server.URL
}

// visit requests a page as a program does, with a cookie.
func visit(t *testing.T, url string, cookie *http.Cookie) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.AddCookie(cookie)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
}
