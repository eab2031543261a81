package e2e

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// browserContexts are those of one browser: each is a browsing session with cookies and storage of its own. Tests have them one after
// another. In each of them a page stays open, so that the process that shows it goes on, and shows the tabs of tests, too. To start a
// process for each tab took a fifth of the time of [TestEveryPage].
type browserContexts struct {
	browser context.Context  // of chromedp; nil where none is installed
	site    *httptest.Server // of the pages that stay open, with the host name of all sites: one process shows one host

	mu   sync.Mutex
	idle []context.Context // of chromedp, each with the page that stays open as its tab
}

func newBrowserContexts(browser context.Context) *browserContexts {
	return &browserContexts{browser: browser, site: httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serveScript(w, r, "<title>stays open</title>")
	}))}
}

// openTab is [openTab] in one of the browser contexts, which another test may have after this one.
func (c *browserContexts) openTab(t *testing.T, base string) *tab {
	t.Helper()
	needBrowser(t, c.browser)
	session, err := c.take()
	if err != nil {
		t.Fatalf("prepare a browser context: %v", err)
	}
	t.Cleanup(func() {
		if !t.Failed() {
			c.giveBack(session)
		}
	})
	// A tab begins with a page of the same host, since an empty one would get a process of its own.
	made, err := chromedp.Call(session, target.CreateTarget, target.CreateTargetParams{
		URL: c.site.URL, BrowserContextID: chromedp.FromContext(session).BrowserContextID,
	})
	if err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	return openTabIn(t, session, base, chromedp.WithTargetID(made.TargetID))
}

// take returns an idle browser context, in which nothing is left of earlier tests, or else a new one.
func (c *browserContexts) take() (context.Context, error) {
	c.mu.Lock()
	if last := len(c.idle) - 1; last >= 0 {
		session := c.idle[last]
		c.idle = c.idle[:last]
		c.mu.Unlock()
		return session, forget(session)
	}
	c.mu.Unlock()
	session, _ := chromedp.NewContext(c.browser, chromedp.WithNewBrowserContext()) // ends with the browser
	return session, chromedp.Do(session, chromedp.Navigate(c.site.URL))
}

// giveBack lets another test take a browser context whose tab has been closed.
func (c *browserContexts) giveBack(session context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = append(c.idle, session)
}

// forget removes the cookies, and what pages have stored. The storage of a session, and what a test has set up for its tab, have gone with
// the tab.
func forget(session context.Context) error {
	ctx, cancel := context.WithTimeout(session, patience)
	defer cancel()
	_, cookies := chromedp.Call(ctx, network.ClearBrowserCookies, struct{}{})
	_, stored := chromedp.Call(ctx, storage.ClearDataForOrigin, storage.ClearDataForOriginParams{Origin: "*", StorageTypes: "all"})
	return errors.Join(cookies, stored)
}

// TestTabsInheritNothing checks that a test finds nothing of the tests that had the browser context before.
func TestTabsInheritNothing(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serveScript(w, r, "<title>a</title>") }))
	defer server.Close()
	needBrowser(t, suite.contexts.browser)
	contexts := newBrowserContexts(suite.contexts.browser)
	defer contexts.site.Close()
	var used []any
	for _, name := range []string{"first", "second"} {
		t.Run(name, func(t *testing.T) {
			b := contexts.openTab(t, server.URL)
			used = append(used, chromedp.FromContext(b.ctx).BrowserContextID)
			b.visit("/")
			const left = `(async () => [document.cookie, localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,
				screen.width === 320].join())()`
			if found := evaluate[string](b, left); found != ",0,0,0,false" {
				t.Errorf("a tab begins with %s", found)
			}
			evaluate[bool](b, `new Promise(done => {
				document.cookie = localStorage.a = sessionStorage.a = "b";
				indexedDB.open("a").onsuccess = () => done(true);
			})`)
			b.phone(320)
			if found := evaluate[string](b, left); found != "b,1,1,1,true" {
				t.Errorf("the test has set %s", found)
			}
		})
	}
	if used[0] != used[1] {
		t.Error("the tests had two browser contexts")
	}
}
