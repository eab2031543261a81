package e2e

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp/kb"
	"github.com/gin-gonic/gin"
	"github.com/pquerna/otp/totp"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// The superuser of every test.
const (
	superuser = "admin"
	password  = "correct horse battery"
)

// anyAddress is where a program can listen, and be started again: nobody takes the port while it is stopped.
func anyAddress(t testing.TB) string {
	t.Helper()
	return net.JoinHostPort("127.0.0.1", redistest.FreePort(t))
}

// serve runs "userlog serve" on a Redis in which there is a superuser.
func serve(t testing.TB, redis *redistest.Server, args ...string) *program {
	t.Helper()
	createAccount(t, redis.Client(t), superuser, auth.Superuser)
	return start(t, anyAddress(t), append([]string{"serve", "--redis", redis.URL}, args...)...)
}

// createAccount makes an account with the password that all have. To hash it costs next to nothing, unlike that of an
// account that the program makes.
func createAccount(t testing.TB, client redis.UniversalClient, name string, role auth.Role) {
	t.Helper()
	options := auth.AccountOptions{Cost: auth.Cost{Memory: 8, Passes: 1, Threads: 1}}
	if err := auth.NewAccounts(client, keys, options).Create(context.Background(), name, role, password); err != nil {
		t.Fatal(err)
	}
}

// addApp gives an account an authenticator app, and returns the key of that.
func addApp(t testing.TB, client redis.UniversalClient, name string) (seed string) {
	t.Helper()
	accounts := auth.NewAccounts(client, keys, auth.AccountOptions{})
	app, err := accounts.BeginApp(context.Background(), name, "test")
	if err != nil {
		t.Fatal(err)
	}
	code, err := totp.GenerateCode(app.Seed, time.Now())
	if err == nil {
		_, _, err = accounts.AddApp(context.Background(), name, app.Sealed, code)
	}
	if err != nil {
		t.Fatal(err)
	}
	return app.Seed
}

// keys are those of accounts, in every test.
var keys = auth.Keys{Prefix: store.DefaultKeyPrefix}

// demo runs "userlog demo" without simulated customers.
func demo(t *testing.T, redis *redistest.Server) *program {
	t.Helper()
	return start(t, anyAddress(t), "demo", "--redis", redis.URL, "--customers", "0", "--password", password)
}

// openStore opens the log that the programs of the test show, as an application would. It waits for a busy Redis.
func openStore(t testing.TB, redis *redistest.Server) *store.Store {
	t.Helper()
	return openStoreWith(t, redis, store.Options{})
}

// openStoreWith is openStore for an application that says more about itself.
func openStoreWith(t testing.TB, redis *redistest.Server, options store.Options) *store.Store {
	t.Helper()
	logs, err := store.New(redistest.Patient(t, redis.Client(t)), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = logs.Close(ctx) // says what it could not write, where a test has killed Redis
	})
	return logs
}

// record writes requests of a user, the oldest first.
func record(logs *store.Store, username string, paths ...string) {
	for _, path := range paths {
		logs.Record(store.Entry{
			Username: username, Method: "GET", Path: path, Code: 200, Duration: 3 * time.Millisecond,
		})
	}
}

// written waits until Redis has what was recorded.
func written(t *testing.T, logs *store.Store) {
	t.Helper()
	redistest.Eventually(t, "all is written", func() bool { return logs.Stats().Queued == 0 })
}

// openLog opens the page of a user's log, /static or /live, on which there is one request, /before.
func (p *program) openLog(t *testing.T, logs *store.Store, username, page string) *tab {
	t.Helper()
	record(logs, username, "/before")
	b := p.enter(t)
	b.visit(page + "?username=" + username)
	return b
}

// enter opens a tab in which the superuser is logged in.
func (p *program) enter(t *testing.T) *tab {
	t.Helper()
	b := openTab(t, p.origin+"/userlog")
	b.holdSession(p, p.superuser)
	return b
}

// enterInChromium is enter for what only the whole of Chromium does.
func (p *program) enterInChromium(t *testing.T) *tab {
	t.Helper()
	b := openTabIn(t, suite.chromium(), p.origin+"/userlog")
	b.holdSession(p, p.superuser)
	return b
}

// enterAlone is enter with a browser that no other test uses, and of which the test may do what it likes.
func (p *program) enterAlone(t *testing.T) *tab {
	t.Helper()
	browser, closeBrowser, err := openLight(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeBrowser)
	b := openTabIn(t, browser, p.origin+"/userlog")
	b.holdSession(p, p.superuser)
	return b
}

// holdSession gives the tab a session of an account, as a login would.
func (b *tab) holdSession(p *program, name string) {
	b.t.Helper()
	b.holdSessionBegun(p, name, begin{})
}

// holdSessionBegun is holdSession with a session that has begun in another way.
func (b *tab) holdSessionBegun(p *program, name string, how begin) {
	b.t.Helper()
	options, err := redis.ParseURL(p.redis())
	if err != nil {
		b.t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	account, err := auth.NewAccounts(client, keys, auth.AccountOptions{}).Get(b.t.Context(), name)
	if err != nil {
		b.t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	c, _ := gin.CreateTestContext(answer)
	c.Request = httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, b.base+"/login", nil)
	sessions := auth.NewSessions(client, keys, auth.SessionOptions{Now: func() time.Time { return time.Now().Add(-how.ago) }})
	sessions = sessions.At(strings.TrimSuffix(c.Request.URL.Path, "/login"))
	if how.halfway {
		err = sessions.Await(c, account)
	} else {
		err = sessions.LogIn(c, account, "127.0.0.1")
	}
	if err != nil {
		b.t.Fatal(err)
	}
	for _, cookie := range answer.Result().Cookies() {
		call(b, network.SetCookie, network.SetCookieParams{
			URL: b.base + "/", Name: cookie.Name, Value: cookie.Value, Path: cookie.Path, HTTPOnly: &cookie.HttpOnly,
		})
	}
}

// fillInLogin sends the login form.
func (b *tab) fillInLogin(username, password string) {
	b.t.Helper()
	b.eventually("the login form", "document.querySelector('#login')")
	b.enter("#login [name=username]", username)
	b.enter("#login [name=password]", password)
	b.click("#login button")
}

// search sends the search form of a page by the keyboard: in a small window, the form has no button.
func (b *tab) search(username string) {
	b.t.Helper()
	b.enter(searchField, username)
	b.types(kb.Enter)
}
