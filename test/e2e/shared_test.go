package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// shareSite returns the admin that all tests share which neither restart it nor look at what concerns all users. Each
// has a superuser of its own there, and looks at users that no other test knows.
func shareSite(t *testing.T) (site *program, logs *store.Store) {
	t.Helper()
	needRedis(t)
	shared := suite.shared()
	own := *shared.site
	own.t, own.superuser = t, fmt.Sprintf("%s-%d", superuser, shared.accounts.Add(1))
	createAccount(t, shared.redis.Client(t), own.superuser, auth.Superuser)
	return &own, openStore(t, shared.redis)
}

// shareGallery returns the gallery.
func shareGallery(t *testing.T) *gallery {
	t.Helper()
	needRedis(t)
	return suite.gallery()
}

// needRedis skips the test where there is no Redis to start.
func needRedis(t *testing.T) {
	t.Helper()
	redistest.Program(t, "redis-server")
}

// sharedSite is an admin that lasts as long as all tests.
type sharedSite struct {
	redis    *redistest.Server
	site     *program
	accounts atomic.Int64
}

func startSharedSite(all *allTests) *sharedSite {
	redis := redistest.Start(all)
	return &sharedSite{redis: redis, site: serve(all, redis)}
}

// shareChromium starts the Chromium of all tests that need the whole of it.
func shareChromium(all *allTests) context.Context {
	browser, closeBrowser, err := openWhole(filepath.Join(all.dir, "whole"))
	if err != nil {
		all.Fatal(err)
	}
	all.Cleanup(closeBrowser)
	return browser
}

// allTests stands in for a test where something lasts as long as all of them. It has what the starting of
// programs needs of a test, and nothing else.
type allTests struct {
	testing.TB

	dir      string
	mu       sync.Mutex
	cleanups []func()
	failed   atomic.Bool
}

func (a *allTests) Helper()         {}
func (a *allTests) TempDir() string { return a.dir }
func (a *allTests) Failed() bool    { return a.failed.Load() }

func (a *allTests) Cleanup(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cleanups = append(a.cleanups, f)
}

func (a *allTests) Logf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

func (a *allTests) Errorf(format string, args ...any) {
	a.failed.Store(true)
	a.Logf(format, args...)
}

// Fatal ends the process: without what lasts, nothing can be tested.
func (a *allTests) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// Fatalf is Fatal with a format.
func (a *allTests) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// end ends what lasted, the newest first.
func (a *allTests) end() {
	for _, f := range slices.Backward(a.cleanups) {
		f()
	}
}
