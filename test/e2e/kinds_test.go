package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

// TestKinds drives Chromium through everything that makes it ask for something, and checks what
// middleware makes of it. With -v it prints the headers, which middleware's own tests repeat.
func TestKinds(t *testing.T) {
	t.Parallel()
	const page = "/page?step=1"
	tests := []struct {
		name  string
		start string
		act   func(b *tab)
		want  []asked
	}{
		{"a page and what it is made of", page, func(*tab) {}, []asked{
			{"GET", page, store.KindPage, "", ""},
			{"GET", "/style.css", store.KindAsset, page, ""},
			{"GET", "/background.svg", store.KindAsset, "/style.css", ""},
			{"GET", "/font.woff2", store.KindAsset, "/style.css", ""},
			{"GET", "/module.js", store.KindAsset, page, ""},
			{"GET", "/imported.js", store.KindAsset, "/module.js", ""},
			{"GET", "/image.svg", store.KindAsset, page, ""},
			{"GET", "/icon.svg", store.KindAsset, page, ""},
			{"GET", "/video.mp4", store.KindAsset, page, ""},
			{"GET", "/frame", store.KindFragment, page, ""},
			{"GET", "/object", store.KindFragment, page, ""},
			{"GET", "/prefetched", store.KindPrefetch, page, ""},
		}},
		{"what scripts ask for", page, runScripts, []asked{
			{"GET", "/fetched", store.KindFetch, page, ""},
			{"POST", "/sent", store.KindFetch, page, ""},
			{"GET", "/moved", store.KindFetch, page, "/moved-here"},
			{"GET", "/moved-here", store.KindFetch, page, ""},
			{"GET", "/xhr", store.KindFetch, page, ""},
			{"GET", "/jquery", store.KindFetch, page, ""},
			{"POST", "/beacon", store.KindBeacon, page, ""},
			{"GET", "/socket", store.KindSocket, "", ""}, // which says of its page no more than the host
			{"GET", "/events", store.KindSocket, page, ""},
			{"GET", "/worker.js", store.KindAsset, page, ""},
			{"GET", "/from-worker", store.KindFetch, "/worker.js", ""},
		}},
		{"htmx", page, func(b *tab) {
			b.click("#fragment")
			b.click("#action")
			b.click("#pushed")
			b.eventually("the address is pushed", "location.pathname === '/list'")
			b.click("#later")
			b.shows("#target", "/later")
			evaluate[bool](b, "history.back() || true")
		}, []asked{
			{"GET", "/fragment", store.KindFragment, page, ""},
			{"POST", "/action?with=htmx", store.KindFragment, page, ""},
			{"GET", "/pushed", store.KindFragment, page, "/list?page=2"},
			{"GET", "/later", store.KindFragment, "/list?page=2", ""},
			{"GET", page, store.KindPage, page, ""}, // restored by htmx, when the address is already that
		}},
		{"htmx goes to a boosted page and back", "/page?step=2", func(b *tab) {
			b.click("#boosted")
			b.shows("#done", "/boosted")
			evaluate[bool](b, "history.back() || true")
		}, []asked{
			{"GET", "/boosted", store.KindPage, "/page?step=2", ""},
			{"GET", "/page?step=2", store.KindPage, "/page?step=2", ""},
		}},
		{"links", page, func(b *tab) {
			b.click("#download")
			b.click("#pinging")
			b.shows("#done", "/pinging")
			b.visit(page)
			b.click("#quiet")
			b.shows("#done", "/quiet")
		}, []asked{
			{"GET", "/download", store.KindDownload, page, ""},
			{"POST", "/ping", store.KindBeacon, "", ""}, // which says where it came from in Ping-From
			{"GET", "/pinging", store.KindPage, page, ""},
			{"GET", "/quiet", store.KindPage, "", ""},
		}},
		{"a form that leads to a page", page, func(b *tab) {
			b.click("form button")
			b.shows("#done", "/paid")
		}, []asked{
			{"POST", "/pay", store.KindPage, page, "/paid?order=7"},
			{"GET", "/paid?order=7", store.KindPage, page, ""},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			logs, origin := kindsSite(t)
			b := openTabIn(t, suite.chromium(), origin)
			b.expect("font", "OTS parsing error", "WebSocket", "EventSource") // the font is none, and the others are refused
			b.visit(test.start)
			test.act(b)
			for _, want := range test.want {
				logs.await(t, want)
			}
		})
	}
}

// runScripts asks in every way that scripts have.
func runScripts(b *tab) {
	evaluate[bool](b, `(() => {
		const request = (path, headers) => {
			const r = new XMLHttpRequest();
			r.open("GET", path);
			for (const name in headers) r.setRequestHeader(name, headers[name]);
			r.send();
		};
		request("/xhr", {});
		request("/jquery", {"X-Requested-With": "XMLHttpRequest"});
		fetch("/fetched");
		fetch("/moved");
		fetch("/sent", {method: "POST", body: "{}"});
		navigator.sendBeacon("/beacon", "x");
		new WebSocket("ws://" + location.host + "/socket");
		new EventSource("/events");
		new Worker("/worker.js");
		return true;
	})()`)
}

func TestKindsOfWhatIsLoadedAhead(t *testing.T) {
	logs, origin := kindsSite(t)
	b := openTabIn(t, suite.chromium(), origin)
	b.visit("/rules")
	logs.await(t, asked{"GET", "/speculated", store.KindPrefetch, "/rules", ""})
	logs.await(t, asked{"GET", "/prerendered", store.KindPrefetch, "/rules", ""})
	b.click("#speculated")
	b.shows("#done", "/speculated")
	// That is all that tells that the person is there now.
	logs.await(t, asked{"GET", "/in/speculated.svg", store.KindAsset, "/speculated", ""})
}

// asked is one request as it should have been recorded.
type asked struct {
	method, path   string
	kind           store.Kind
	from, location string
}

// observed is a recorder that tests look into.
type observed struct {
	mu   sync.Mutex
	seen []asked
}

// Record implements middleware.Recorder.
func (o *observed) Record(e store.Entry) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen = append(o.seen, asked{e.Method, e.Path, e.Kind, e.From, e.Location})
}

// all returns what was recorded so far.
func (o *observed) all() []asked {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.seen)
}

// await waits until a request was recorded as it should be.
func (o *observed) await(t *testing.T, want asked) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("recorded was %+v", o.all())
		}
	}()
	redistest.Eventually(t, fmt.Sprintf("recorded is %+v", want), func() bool { return slices.Contains(o.all(), want) })
}

// kindsSite is a site whose page asks for things in every way that there is.
func kindsSite(t *testing.T) (logs *observed, origin string) {
	t.Helper()
	logs = new(observed)
	r := gin.New()
	r.Use(func(c *gin.Context) {
		t.Log(c.Request.Method, c.Request.RequestURI, spoken(c.Request))
		c.Header("Cache-Control", "no-store") // so that going back asks again
	})
	r.Use(middleware.Track(logs, func(*gin.Context) string { return "ada" }, middleware.Options{}))
	r.StaticFile("/page", "testdata/kinds/page.html")
	r.StaticFile("/list", "testdata/kinds/page.html")
	r.StaticFile("/rules", "testdata/kinds/rules.html")
	r.StaticFile("/htmx.js", "../../static/vendor/htmx.min.js")
	r.GET("/style.css", serveText("text/css",
		`@font-face { font-family: f; src: url(/font.woff2) } body { font-family: f; background: url(/background.svg) }`))
	r.GET("/module.js", serveText("text/javascript", `import "/imported.js"`))
	r.GET("/imported.js", serveText("text/javascript", ``))
	r.GET("/worker.js", serveText("text/javascript", `fetch("/from-worker")`))
	r.GET("/events", func(c *gin.Context) { c.Status(http.StatusNoContent) })
	r.GET("/pushed", func(c *gin.Context) { c.Header("HX-Push-Url", "/list?page=2"); c.Status(http.StatusOK) })
	r.GET("/moved", func(c *gin.Context) { c.Redirect(http.StatusFound, "moved-here") })
	r.POST("/pay", func(c *gin.Context) { c.Redirect(http.StatusSeeOther, "/paid?order=7#receipt") })
	r.NoRoute(func(c *gin.Context) {
		if strings.HasSuffix(c.Request.URL.Path, ".svg") {
			c.Data(http.StatusOK, "image/svg+xml", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`))
			return
		}
		c.Data(http.StatusOK, "text/html", []byte(
			`<!doctype html><link rel="icon" href="data:,"><img src="/in`+c.Request.URL.Path+`.svg" alt=""><p id="done">`+c.Request.URL.Path+`</p>`))
	})
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	return logs, server.URL
}

func serveText(contentType, body string) gin.HandlerFunc {
	return func(c *gin.Context) { c.Data(http.StatusOK, contentType, []byte(body)) }
}

// spoken is what a browser says about what it wants: the headers that middleware looks at, and
// those that it might look at one day.
func spoken(r *http.Request) string {
	var said []string
	for name, values := range r.Header {
		switch prefix, _, _ := strings.Cut(name, "-"); prefix {
		case "Accept", "Referer", "Upgrade", "Purpose", "X", "Sec", "Hx", "Ping", "Turbo":
			if name != "Accept-Language" && name != "Accept-Encoding" && !strings.HasPrefix(name, "Sec-Ch-") {
				said = append(said, name+": "+strings.Join(values, " | "))
			}
		}
	}
	slices.Sort(said)
	return strings.Join(said, "; ")
}
