package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

// library loads pages by a script, as a shop would set it up.
type library struct {
	name    string
	scripts []string          // files of npm packages
	head    template.HTML     // what else the head of each page has
	body    template.HTMLAttr // attributes of the body
	ready   string            // an expression that is true when the library is at work
	inertia bool              // pages are the objects of Inertia's protocol
	part    template.HTML     // an element that loads a part of the page
	shown   string            // an expression that is true when the address of the part is the page's
}

// neverAhead has Turbo load nothing ahead. A slow click would be a hover, after which it does: see TestPagesThatLibrariesLoadAhead.
const neverAhead = `<meta name="turbo-prefetch" content="false">`

func libraries() []library {
	return []library{
		{name: "none"},
		{name: "Turbo", scripts: []string{"@hotwired/turbo/dist/turbo.es2017-umd.js"}, ready: "window.Turbo", head: neverAhead},
		{name: "Unpoly", scripts: []string{"unpoly/unpoly.js"}, ready: "window.up", head: `<script>
			up.link.config.followSelectors.push("a[href]"); up.form.config.submitSelectors.push("form")</script>`},
		{name: "htmx 2", scripts: []string{"htmx2/dist/htmx.js"}, body: `hx-boost="true"`, ready: "window.htmx"},
		{name: "htmx 4", head: `<script src="/htmx4.js"></script>`, body: `hx-boost:inherited="true"`, ready: "window.htmx"},
		{name: "Swup", scripts: []string{"swup/dist/Swup.umd.js"}, ready: "window.swup", head: `<script>
			addEventListener("DOMContentLoaded", () => { swup = new Swup({ containers: ["#main"], animationSelector: false, linkSelector: "a" }) })</script>`},
		{name: "Inertia", inertia: true, ready: "window.inertia"},
		{name: "a service worker", ready: "navigator.serviceWorker.controller", head: `<script>
			navigator.serviceWorker.register("/worker.js")</script>`},
	}
}

// visited are the rows of a customer who opens two pages, sends a form, and goes back to the first. They are six pages and
// forms with the one on which she comes.
const visited = "GET /; GET /orders; GET /orders/7?tab=1; POST /pay > GET /paid; GET /orders; GET /help"

// The log of a shop says the same with each library as without one.
func TestLibrariesThatLoadPagesAreAsNone(t *testing.T) {
	t.Parallel()
	for _, l := range libraries() {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			shop := newLibraryShop(t, l)
			b := openTabIn(t, suite.chromium(), shop.origin)
			b.visit("/")
			if l.ready != "" {
				b.eventually("the library works", l.ready)
			}
			for _, step := range [][2]string{{"orders", "orders"}, {"order", "order"}, {"pay", "paid"}, {"orders", "orders"}, {"help", "help"}} {
				b.click("#" + step[0])
				b.shows("h1", step[1])
			}
			shop.await(t, visited, "/help")
		})
	}
}

// Pages that a library loads while the mouse is over their links have not been visited. Those that it then shows without
// another request are known by the requests that come from them.
func TestPagesThatLibrariesLoadAhead(t *testing.T) {
	t.Parallel()
	for _, l := range []library{
		{name: "Turbo", scripts: []string{"@hotwired/turbo/dist/turbo.es2017-umd.js"}, ready: "window.Turbo"},
		{name: "Inertia", inertia: true, head: `<meta name="prefetch">`, ready: "window.inertia"},
		// Swup's plugin does not say that it loads ahead, unless the shop does: see docs/embedding.md.
		{name: "Swup", scripts: []string{"swup/dist/Swup.umd.js", "@swup/preload-plugin/dist/index.umd.js"}, ready: "window.swup", head: `<script>
			addEventListener("DOMContentLoaded", () => {
				swup = new Swup({ containers: ["#main"], animationSelector: false, linkSelector: "a", plugins: [new SwupPreloadPlugin()] });
				swup.hooks.before("fetch:request", (visit, { options }) => {
					if (visit.id !== swup.visit.id) options.headers = { ...options.headers, "X-Sec-Purpose": "prefetch" };
				});
			})</script>`},
	} {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			shop := newLibraryShop(t, l)
			b := openTabIn(t, suite.chromium(), shop.origin)
			b.visit("/")
			b.eventually("the library works", l.ready)
			b.hover("#orders")
			shop.awaitKind(t, "/orders", store.KindPrefetch)
			shop.await(t, "GET /", "/")
			b.click("#orders")
			b.shows("h1", "orders")
			b.click("#pay")
			b.shows("h1", "paid")
			shop.await(t, "GET /; GET /orders; POST /pay > GET /paid", "/paid")
		})
	}
}

// A customer who goes back by a link which Turbo has loaded ahead is there again.
func TestAPageThatTurboLoadsAheadAgain(t *testing.T) {
	t.Parallel()
	shop := newLibraryShop(t, library{scripts: []string{"@hotwired/turbo/dist/turbo.es2017-umd.js"}, ready: "window.Turbo"})
	b := openTabIn(t, suite.chromium(), shop.origin)
	b.visit("/orders")
	b.eventually("the library works", shop.ready)
	for _, next := range []string{"help", "orders"} {
		b.hover("#" + next)
		shop.awaitKind(t, "/"+next, store.KindPrefetch)
		b.click("#" + next)
		b.shows("h1", next)
		shop.awaitKind(t, "/data?"+next, store.KindFetch)
	}
	shop.await(t, "GET /orders; GET /help; GET /orders", "/orders")
}

// Unpoly sends a form while it is filled in, to have it checked. Nobody has sent it.
func TestAFormThatUnpolyChecks(t *testing.T) {
	t.Parallel()
	shop := newLibraryShop(t, library{scripts: []string{"unpoly/unpoly.js"}, ready: "window.up", part: `
		<form method="post" action="/sign-up" up-submit><fieldset>
			<input id="email" name="email" up-validate><p id="wrong"></p></fieldset><button>Sign up</button></form>`})
	b := openTabIn(t, suite.chromium(), shop.origin)
	b.expect("422 (Unprocessable")
	b.visit("/orders")
	b.eventually("the library works", shop.ready)
	evaluate[bool](b, `(e => { e.value = "x"; e.dispatchEvent(new Event("change", {bubbles: true})); return true })(document.querySelector("#email"))`)
	b.shows("#wrong", "no address")
	shop.awaitKind(t, "/sign-up", store.KindCheck)
	shop.await(t, "GET /orders", "/orders")
}

// Inertia's server can't redirect a script out of its pages, and answers with 409 instead.
func TestInertiaLeavesItsPages(t *testing.T) {
	t.Parallel()
	shop := newLibraryShop(t, library{inertia: true, ready: "window.inertia"})
	b := openTabIn(t, suite.chromium(), shop.origin)
	b.expect("409 (Conflict)")
	b.visit("/")
	b.eventually("the library works", shop.ready)
	b.click("#leave")
	b.shows("h1", "help")
	shop.await(t, "GET /; GET /leave > GET /help", "/help")
}

// A part of a page that a library loads belongs to the page, and so does what Turbo's streams change. The customer stays there.
func TestPartsThatLibrariesLoad(t *testing.T) {
	t.Parallel()
	for _, l := range []library{
		{name: "Turbo", scripts: []string{"@hotwired/turbo/dist/turbo.es2017-umd.js"}, ready: "window.Turbo", head: neverAhead, part: `
			<turbo-frame id="cart"><a id="part" href="/cart">Cart</a></turbo-frame>
			<form method="post" action="/like"><button id="like">Like</button></form>`},
		{name: "Unpoly", scripts: []string{"unpoly/unpoly.js"}, ready: "window.up", part: `
			<div id="cart"><a id="part" href="/cart" up-target="#cart">Cart</a></div>
			<form method="post" action="/like" up-target="#cart"><button id="like">Like</button></form>`},
		{name: "htmx 2", scripts: []string{"htmx2/dist/htmx.js"}, ready: "window.htmx", part: `
			<div id="cart"><button id="part" hx-get="/cart" hx-target="#cart">Cart</button></div>
			<button id="like" hx-post="/like" hx-target="#cart">Like</button>`},
	} {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			shop, b := showPart(t, l)
			b.click("#like")
			b.shows("#cart", "liked")
			shop.awaitKind(t, "/cart", store.KindFragment)
			shop.awaitKind(t, "/like", store.KindFragment)
			shop.await(t, "GET /orders; POST /like", "/orders")
		})
	}
}

// showPart opens a page in a shop, and has the library show a part of it.
func showPart(t *testing.T, l library) (*libraryShop, *tab) {
	t.Helper()
	shop := newLibraryShop(t, l)
	b := openTabIn(t, suite.chromium(), shop.origin)
	b.visit("/orders")
	b.eventually("the library works", l.ready)
	b.click("#part")
	b.shows("#cart", "one thing")
	return shop, b
}

// A library may show the address of a part as the page's, because of an attribute that no header tells of. What comes from there
// does.
func TestPartsWhoseAddressLibrariesShow(t *testing.T) {
	t.Parallel()
	const htmx = `<div id="cart"><button id="part" hx-get="/cart" hx-target="#cart" hx-push-url="true">Cart</button></div>
		<button id="like" hx-post="/like" hx-target="#cart">Like</button>`
	const address = "location.pathname === '/cart'"
	// Turbo shows the address before its visit begins, and that visit cancels a form which is sent meanwhile.
	const noteVisits = neverAhead + `<script>addEventListener("turbo:load", () => { window.visited = location.pathname })</script>`
	for _, l := range []library{
		{name: "htmx 2", scripts: []string{"htmx2/dist/htmx.js"}, ready: "window.htmx", part: htmx, shown: address},
		{name: "htmx 4", head: `<script src="/htmx4.js"></script>`, ready: "window.htmx", part: htmx, shown: address},
		{name: "Turbo", scripts: []string{"@hotwired/turbo/dist/turbo.es2017-umd.js"}, ready: "window.Turbo", head: noteVisits, part: `
			<turbo-frame id="cart" data-turbo-action="advance"><a id="part" href="/cart">Cart</a></turbo-frame>
			<form method="post" action="/like"><button id="like">Like</button></form>`, shown: "window.visited === '/cart'"},
	} {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			shop, b := showPart(t, l)
			b.eventually("the address is shown", l.shown)
			b.click("#like")
			b.shows("#cart", "liked")
			shop.await(t, "GET /orders; GET /cart; POST /like", "/cart")
		})
	}
}

// Under a policy that sends the origin alone, no part hangs below a page that the customer never opened.
func TestAnOriginAloneIsNoPage(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"origin", "strict-origin", "no-referrer"} {
		shop := newLibraryShop(t, library{head: template.HTML(`<meta name="referrer" content="` + policy + `">`)})
		b := openTabIn(t, suite.chromium(), shop.origin)
		b.visit("/orders")
		b.click("#help")
		b.shows("h1", "help")
		shop.awaitKind(t, "/data?help", store.KindFetch)
		shop.await(t, "GET /orders; GET /help", "/help")
	}
}

// A plain link to a file that the browser saves leads to no page.
func TestAFileBehindAPlainLinkIsADownload(t *testing.T) {
	t.Parallel()
	shop := newLibraryShop(t, library{part: `<a id="archive" href="/archive">Archive</a>`})
	b := openTabIn(t, suite.chromium(), shop.origin)
	b.visit("/orders")
	rows := "GET /orders"
	for _, file := range []string{"invoice", "archive"} {
		b.click("#" + file)
		shop.awaitKind(t, "/"+file, store.KindDownload)
		rows += "; GET /" + file
		shop.await(t, rows, "/orders")
		b.shows("h1", "orders")
	}
}

// hover moves the mouse over the first element that matches, and focuses it, as somebody does who has no mouse: this browser
// tells scripts that it has none.
func (b *tab) hover(selector string) {
	b.t.Helper()
	at := evaluate[[]float64](b, fmt.Sprintf(
		"(r => [r.x + r.width / 2, r.y + r.height / 2])(document.querySelector(%s).getBoundingClientRect())", quote(selector)))
	b.do("hover over "+selector, chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, at[0], at[1]), chromedp.Focus(chromedp.CSS(selector)))
}

// libraryShop is a shop whose pages a library loads. It is a recorder, too.
type libraryShop struct {
	library
	origin string

	mu      sync.Mutex
	entries []store.Entry
}

// Record implements middleware.Recorder.
func (s *libraryShop) Record(e store.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.ID = fmt.Sprint(len(s.entries))
	s.entries = append(s.entries, e)
}

// log is what has been recorded, and what it is folded into.
func (s *libraryShop) log() ([]store.Entry, *journey.Folder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clip(s.entries), journey.Fold(s.entries)
}

// rows are the steps of the log, on one line.
func (s *libraryShop) rows() string {
	_, folded := s.log()
	var rows []string
	for _, step := range folded.Steps() {
		method := step.Entry.Method
		if step.Implied {
			method = http.MethodGet
		}
		row := method + " " + step.Entry.Path
		for _, e := range step.Redirects {
			row += " > " + e.Method + " " + e.Path
		}
		rows = append(rows, row)
	}
	return strings.Join(rows, "; ")
}

// await waits until the log has these rows, and says that the customer is there.
func (s *libraryShop) await(t *testing.T, rows, now string) {
	t.Helper()
	on := func() string {
		_, folded := s.log()
		return folded.Now(time.Now()).Path
	}
	defer func() {
		if t.Failed() {
			t.Logf("the rows are %q, and the customer is on %q", s.rows(), on())
		}
	}()
	redistest.Eventually(t, "the rows are "+rows+", and the customer is on "+now, func() bool { return s.rows() == rows && on() == now })
}

// awaitKind waits until a request was recorded with this kind.
func (s *libraryShop) awaitKind(t *testing.T, path string, kind store.Kind) {
	t.Helper()
	redistest.Eventually(t, fmt.Sprintf("%s is recorded as %s", path, kind), func() bool {
		entries, _ := s.log()
		for _, e := range entries {
			if e.Path == path && e.Kind == kind {
				return true
			}
		}
		return false
	})
}

func newLibraryShop(t *testing.T, l library) *libraryShop {
	t.Helper()
	shop := &libraryShop{library: l}
	r := gin.New()
	for _, script := range l.scripts {
		r.StaticFile("/npm/"+script, npmFile(t, nodeModules, script))
	}
	r.StaticFile("/htmx4.js", "../../static/vendor/htmx.min.js")
	if l.inertia {
		script := inertiaScript(t)
		r.GET("/inertia.js", serveText("text/javascript", script))
	}
	r.Use(func(c *gin.Context) {
		t.Log(c.Request.Method, c.Request.RequestURI, spoken(c.Request))
		c.Header("Cache-Control", "no-store")
	})
	r.Use(middleware.Track(shop, func(*gin.Context) string { return "ada" }, middleware.Options{}))
	for path, name := range map[string]string{"/": "home", "/orders": "orders", "/orders/:id": "order", "/paid": "paid", "/help": "help"} {
		r.GET(path, func(c *gin.Context) { shop.page(t, c, name) })
	}
	r.POST("/sign-up", func(c *gin.Context) {
		c.Header("Vary", "X-Up-Validate")
		c.Data(http.StatusUnprocessableEntity, "text/html", []byte(`<form action="/sign-up"><fieldset><input id="email" name="email" up-validate><p id="wrong">no address</p></fieldset></form>`))
	})
	r.GET("/leave", func(c *gin.Context) {
		c.Header("X-Inertia-Location", "/help")
		c.Status(http.StatusConflict)
	})
	r.POST("/pay", func(c *gin.Context) { c.Redirect(http.StatusSeeOther, "/paid") })
	r.GET("/cart", serveText("text/html", `<turbo-frame id="cart">one thing</turbo-frame>`))
	r.POST("/like", func(c *gin.Context) {
		if strings.Contains(c.GetHeader("Accept"), "turbo-stream") {
			c.Data(http.StatusOK, "text/vnd.turbo-stream.html", []byte(`<turbo-stream action="update" target="cart"><template>liked</template></turbo-stream>`))
			return
		}
		c.Data(http.StatusOK, "text/html", []byte(`<div id="cart">liked</div>`))
	})
	r.GET("/invoice", func(c *gin.Context) {
		c.Header("Content-Disposition", `attachment; filename="invoice.pdf"`)
		c.Data(http.StatusOK, "application/pdf", []byte("%PDF-1.7"))
	})
	r.GET("/archive", serveText("application/zip", "PK\x05\x06"+strings.Repeat("\x00", 18)))
	r.GET("/worker.js", serveText("text/javascript", `
		oninstall = () => skipWaiting();
		onactivate = (event) => event.waitUntil(clients.claim());
		onfetch = (event) => event.respondWith(fetch(event.request));`))
	r.GET("/shop.css", serveText("text/css", `body { background: url(/shop.svg) }`))
	r.GET("/shop.svg", serveText("image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg"/>`))
	r.GET("/shop.js", serveText("text/javascript", `fetch("/data?" + document.querySelector("h1").textContent)`))
	r.GET("/module.js", serveText("text/javascript", ``))
	r.GET("/data", serveText("application/json", `{}`))
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	shop.origin = server.URL
	return shop
}

// page answers with a page of the shop, in the form that the library wants.
func (s *libraryShop) page(t *testing.T, c *gin.Context, name string) {
	values := map[string]any{"Name": name, "Scripts": s.scripts, "Head": s.head, "Body": s.body, "Part": s.part}
	if s.inertia {
		page, err := json.Marshal(map[string]any{"component": name, "props": map[string]any{}, "url": c.Request.RequestURI, "version": "1"})
		if err != nil {
			t.Error(err)
		}
		if c.GetHeader("X-Inertia") != "" {
			c.Header("X-Inertia", "true")
			c.Data(http.StatusOK, "application/json", page)
			return
		}
		values["Inertia"] = template.JS(page)
	}
	var b bytes.Buffer
	if err := libraryPages.ExecuteTemplate(&b, "page.html", values); err != nil {
		t.Error(err)
	}
	c.Data(http.StatusOK, "text/html; charset=utf-8", b.Bytes())
}

var libraryPages = template.Must(template.ParseFiles("testdata/libraries/page.html"))

// inertiaScript bundles Inertia with the script that stands for a framework.
func inertiaScript(t *testing.T) string {
	t.Helper()
	bundler := npmFile(t, nodeModules, "esbuild/bin/esbuild")
	script, err := node(t, bundler, filepath.Join("testdata", "libraries", "inertia.js"), "--bundle", "--format=iife", "--log-level=error").Output()
	if err != nil {
		t.Fatalf("bundle Inertia: %v", err)
	}
	return string(script)
}
