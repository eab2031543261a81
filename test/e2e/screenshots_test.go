package e2e

import (
	"flag"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// screenshots is where "make screenshots" keeps the pictures of TestScreenshots. A plain test run
// takes them too, and throws them away.
var screenshots = flag.String("screenshots", "", "directory for the pictures of the documentation")

// TestScreenshots looks at every page of a demo in which there is something to see.
func TestScreenshots(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	logs := openStore(t, redis)
	recordAfternoon(logs)
	site := start(t, anyAddress(t), "demo", "--redis", redis.URL, "--customers", "4", "--password", password)
	b := site.enter(t)
	b.do("take a large screen", chromedp.EmulateViewport(1100, 760, chromedp.EmulateScale(1.5)))

	b.visit("/static?username=katherine")
	b.hasRows(troubledSteps)
	b.photograph("static")
	b.visit("/live?username=katherine")
	b.isConnected("live")
	b.hasRows(troubledSteps)
	logs.Record(request{method: "POST", path: "/checkout", code: 500, page: "Pay", from: "/checkout"}.entry(time.Now()))
	b.hasRows(troubledSteps + 1)
	b.photograph("live")
	b.visit("/live/everyone?show=")
	b.isConnected("live")
	b.eventually("all customers are browsing",
		"new Set([...document.querySelectorAll('#rows td.user')].map(e => e.textContent)).size === 9")
	b.photograph("everyone")
	b.visit("/")
	b.eventually("all are listed", "document.querySelectorAll('.users tbody tr').length === 9 && document.querySelector('.sparkline .server')")
	b.do("take a tall screen", chromedp.EmulateViewport(1100, 1080, chromedp.EmulateScale(1.5)))
	b.photograph("home")
	b.do("take a large screen", chromedp.EmulateViewport(1100, 760, chromedp.EmulateScale(1.5)))

	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
	})
	b.visit("/static?username=katherine")
	b.hasRows(troubledSteps + 1)
	b.photograph("dark")
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
	b.phone(390)
	b.visit("/live?username=katherine")
	b.isConnected("live")
	b.hasRows(troubledSteps + 1)
	b.photograph("phone")
}

// photograph keeps what the tab shows as NAME.png.
func (b *tab) photograph(name string) {
	b.t.Helper()
	b.eventually("fonts and times are there",
		"document.fonts.status === 'loaded' && [...document.querySelectorAll('relative-time, time-ago')].every(e => e.shadowRoot?.textContent)")
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatalf("photograph %s: %v", name, err)
	}
	dir := *screenshots
	if dir == "" {
		dir = b.t.TempDir()
	}
	if err := writeFile(filepath.Join(dir, name+".png"), picture); err != nil {
		b.t.Error(err)
	}
}

// request is something that somebody did some time ago.
type request struct {
	ago          time.Duration
	method, path string
	code         int
	page         string
	from         string // the page that asked
	location     string // where the answer leads
	kind         store.Kind
}

// entry is the request as a store.Entry of katherine's.
func (r request) entry(now time.Time) store.Entry {
	if r.kind == store.KindUnknown {
		r.kind = store.KindPage
	}
	return store.Entry{
		Username: "katherine", Method: r.method, Path: r.path, Code: r.code, Time: now.Add(-r.ago), Duration: 40 * time.Millisecond,
		Page: r.page, Kind: r.kind, From: r.from, Location: r.location, RequestID: "01JD3Q8Z5W",
	}
}

// troubledSteps is how many things she did.
const troubledSteps = 10

// troubled is the log of a customer who can't pay, the oldest first.
func troubled() []request {
	return []request{
		{ago: 19 * time.Minute, method: "POST", path: "/login", code: 303, page: "Log in", from: "/login", location: "/"},
		{ago: 19*time.Minute - time.Second, method: "GET", path: "/", code: 200, page: "Front page", from: "/login"},
		{ago: 17 * time.Minute, method: "GET", path: "/search?q=teapot", code: 200, page: "Search", from: "/"},
		{ago: 16 * time.Minute, method: "GET", path: "/products/3", code: 200, page: "Product", from: "/search?q=teapot"},
		{ago: 16*time.Minute - time.Second, method: "GET", path: "/products/3.webp", code: 404, from: "/products/3", kind: store.KindAsset},
		{ago: 16*time.Minute - time.Second, method: "GET", path: "/products/3/stock", code: 200, from: "/products/3", kind: store.KindFetch},
		{ago: 14 * time.Minute, method: "POST", path: "/cart", code: 303, page: "Add to cart", from: "/products/3", location: "/cart"},
		{ago: 14*time.Minute - time.Second, method: "GET", path: "/cart", code: 200, page: "Cart", from: "/products/3"},
		{ago: 9 * time.Minute, method: "GET", path: "/checkout", code: 200, page: "Checkout", from: "/cart"},
		{ago: 3 * time.Minute, method: "GET", path: "/help", code: 200, page: "Help", from: "/checkout"},
		{ago: 2 * time.Minute, method: "GET", path: "/account/reset?token=***", code: 200, page: "New password", from: "/help"},
		{ago: 100 * time.Second, method: "POST", path: "/checkout", code: 422, page: "Pay", from: "/checkout"},
		{ago: 80 * time.Second, method: "POST", path: "/checkout", code: 422, page: "Pay", from: "/checkout"},
		{ago: time.Minute, method: "POST", path: "/checkout", code: 500, page: "Pay", from: "/checkout"},
	}
}

// recordAfternoon fills the log with what customers did before the demo began.
func recordAfternoon(logs *store.Store) {
	now := time.Now()
	for _, username := range []string{"hedy", "alan", "tim", "radia"} {
		for _, path := range []string{"/", "/search?q=lamp", "/products/2", "/help"} {
			now = now.Add(time.Second)
			logs.Record(store.Entry{Username: username, Method: "GET", Path: path, Code: 200, Time: now.Add(-25 * time.Minute)})
		}
	}
	now = time.Now()
	for _, r := range troubled() {
		logs.Record(r.entry(now))
	}
}
