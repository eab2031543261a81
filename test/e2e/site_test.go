package e2e

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// The superuser of every test.
const (
	superuser = "admin"
	password  = "correct horse battery"
)

// anyPort lets the system choose one.
const anyPort = "127.0.0.1:0"

// serve runs "userlog serve" on a Redis in which there is a superuser.
func serve(t *testing.T, redis *redistest.Server, args ...string) *program {
	t.Helper()
	create := userlog("createsuperuser", superuser, "--redis", redis.URL)
	create.Stdin = strings.NewReader(password + "\n")
	var stderr bytes.Buffer
	create.Stderr = &stderr
	if err := create.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", create, err, stderr.String())
	}
	return start(t, anyPort, append([]string{"serve", "--redis", redis.URL}, args...)...)
}

// demo runs "userlog demo" without simulated customers.
func demo(t *testing.T, redis *redistest.Server, args ...string) *program {
	t.Helper()
	return start(t, anyPort, append([]string{
		"demo", "--redis", redis.URL, "--customers", "0", "--password", password,
	}, args...)...)
}

// openStore opens the log that the programs of the test show, as an application would.
func openStore(t *testing.T, redis *redistest.Server) *store.Store {
	t.Helper()
	return openStoreWith(t, redis, store.Options{})
}

// openStoreWith is openStore for an application that says more about itself.
func openStoreWith(t *testing.T, redis *redistest.Server, options store.Options) *store.Store {
	t.Helper()
	logs, err := store.Open(redis.URL, options)
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

// openLog opens the page of ada's log, /static or /live, on which there is one request, /before.
func openLog(t *testing.T, redis *redistest.Server, page string) (site *program, logs *store.Store, b *tab) {
	t.Helper()
	site, logs = serve(t, redis), openStore(t, redis)
	record(logs, "ada", "/before")
	b = openTab(t, site.origin+"/userlog")
	b.logIn()
	b.visit(page + "?username=ada")
	return site, logs, b
}

// logIn logs in as the superuser by the form, wherever the page that asks for it leads.
func (b *tab) logIn() {
	b.t.Helper()
	b.visit("/login")
	b.fillInLogin(superuser, password)
	b.eventually("logged in", "document.querySelector('header .account')")
}

// fillInLogin sends the login form.
func (b *tab) fillInLogin(username, password string) {
	b.t.Helper()
	b.enter("#login [name=username]", username)
	b.enter("#login [name=password]", password)
	b.click("#login button")
}

// search sends the search form of a page.
func (b *tab) search(username string) {
	b.t.Helper()
	b.enter("#search [name=username]", username)
	b.click("#search button")
}
