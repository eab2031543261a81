package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// late serves a site through a proxy that is slow with one of its files.
func late(t *testing.T, origin, file string) (proxied string) {
	t.Helper()
	return through(t, origin, func(_ http.ResponseWriter, r *http.Request) (answered bool) {
		if strings.Contains(r.URL.Path, file) && strings.HasSuffix(r.URL.Path, ".js") {
			time.Sleep(time.Second) // nothing that the page waits for comes meanwhile
		}
		return false
	})
}

// through serves a site through a proxy that may answer in its place.
func through(t *testing.T, origin string, answers func(w http.ResponseWriter, r *http.Request) bool) (proxied string) {
	t.Helper()
	target, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // which the Origin of a socket is compared with
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !answers(w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// notesWhatIsMissed has pages note whether htmx began to connect before our script listened.
const notesWhatIsMissed = `(() => {
	const listen = document.addEventListener.bind(document);
	const types = new Set();
	document.addEventListener = (type, ...more) => { types.add(type); listen(type, ...more); };
	listen("htmx:ws:before:connection", ({ type }) => { window.missed = !types.has(type); });
})()`

// Our script hears of everything that htmx does, and htmx has its extension, whichever file is the last to come.
func TestALivePageConnectsHoweverLateAScriptIs(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	record(logs, "ada", "/before")
	for _, file := range []string{"app", "htmx"} {
		t.Run(file, func(t *testing.T) {
			b := openTab(t, late(t, site.origin, "/assets/"+file+".")+"/userlog")
			call(b, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
			call(b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: notesWhatIsMissed})
			b.holdSession(site, site.superuser)
			b.visit("/live?username=ada")
			b.hasURLs("/before")
			b.isConnected("live")
			b.eventually("our script to have heard of the first message", "document.documentElement.classList.contains('settled')")
			if evaluate[bool](b, "missed") {
				t.Error("htmx began to connect before our script listened")
			}
		})
	}
}

// Where a network answers in the admin's place, pages keep what they show, and say that the connection is lost.
func TestAnAnswerOfSomebodyElseIsNotShown(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	record(logs, "ada", "/before")
	var captive atomic.Bool
	base := through(t, site.origin, func(w http.ResponseWriter, r *http.Request) (answered bool) {
		if answered = captive.Load(); answered {
			_, _ = w.Write([]byte("<!doctype html><title>Airport</title><p>Welcome to the network</p>"))
		}
		return answered
	}) + "/userlog"
	var tabs []*tab
	for _, page := range []string{"/static?username=ada", "/"} {
		b := openTab(t, base)
		b.holdSession(site, site.superuser)
		b.visit(page)
		b.isConnected("refreshing")
		b.sees("what the network says", "document.body.textContent.includes('Welcome') || document.title.includes('Airport')")
		tabs = append(tabs, b)
	}
	captive.Store(true)
	for _, b := range tabs {
		b.isConnected("lost")
		b.types("/ad")
		b.shows("#suggestions-status", "Names can’t be suggested now. Press Enter to look the name up anyway.")
	}
	captive.Store(false)
	for _, b := range tabs {
		b.isConnected("refreshing")
		if evaluate[bool](b, "window.seen") {
			t.Error("the page has shown what the network says")
		}
	}
}

// A page that does not get htmx says that it does not refresh, and nothing that it would know by that.
func TestAPageWithoutHTMXSaysThatItDoesNotRefresh(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	record(logs, "ada", "/before")
	base := through(t, site.origin, func(w http.ResponseWriter, r *http.Request) (answered bool) {
		if answered = strings.Contains(r.URL.Path, "/assets/htmx."); answered {
			http.NotFound(w, r)
		}
		return answered
	}) + "/userlog"
	for _, page := range []string{"/live?username=ada", "/static?username=ada", "/"} {
		b := openTab(t, base)
		call(b, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
		b.expect("the server responded with a status of 404", "Refused to execute script")
		b.holdSession(site, site.superuser)
		b.visit(page)
		b.isConnected("stuck")
		b.shows("#connection", "Does not refresh: load the page again")
		b.eventually("the title says so", "document.title.startsWith('⚠ Does not refresh')")
		b.eventually("nothing is said that nobody knows", "![...document.querySelectorAll("+quote(saidOfNow+", #live > .empty, #now .idle")+")].some(e => e.checkVisibility({ visibilityProperty: true }))")
	}
}

// A live page whose script does not come, or is not understood, says what it needs, and not that there is nothing to show.
func TestALivePageWithoutItsScriptSaysSo(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	record(logs, "lioba", "/before")
	b := openTab(t, through(t, site.origin, func(w http.ResponseWriter, r *http.Request) (answered bool) {
		if answered = strings.Contains(r.URL.Path, "/assets/app.") && strings.HasSuffix(r.URL.Path, ".js"); answered {
			http.NotFound(w, r)
		}
		return answered
	})+"/userlog")
	call(b, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
	b.expect("the server responded with a status of 404", "MIME type")
	b.holdSession(site, site.superuser)
	b.visit("/live?username=lioba")
	evaluate[bool](b, "(document.getAnimations().forEach(a => a.finish()), true)") // five seconds
	b.eventually("it says what it needs", `(said => said.checkVisibility({ visibilityProperty: true }) && said.innerText)(document.querySelector("#live > .unscripted"))`+
		" === 'The live log needs JavaScript. Without it, read the static log. Static log'")
	if evaluate[bool](b, "[...document.querySelectorAll('#live > .empty')].some(e => e.checkVisibility())") {
		t.Error("the page says what nobody knows")
	}
	b.click("#live > .unscripted a")
	b.hasURLs("/before")
}
