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
	redis := redistest.Start(t)
	logs := openStore(t, redis)
	recordAfternoon(logs)
	site := start(t, anyPort, "demo", "--redis", redis.URL, "--customers", "4", "--password", password)
	b := openTab(t, site.origin+"/userlog")
	b.do("take a large screen", chromedp.EmulateViewport(1100, 760, chromedp.EmulateScale(1.5)))
	b.logIn()

	b.visit("/static?username=katherine")
	b.hasRows(len(troubled()))
	b.photograph("static")
	b.visit("/live?username=katherine")
	b.isConnected("live")
	b.hasRows(len(troubled()))
	logs.Record(store.Entry{Username: "katherine", Method: "POST", Path: "/checkout", Code: 500})
	b.hasRows(len(troubled()) + 1)
	b.photograph("live")
	b.visit("/live/everyone")
	b.isConnected("live")
	b.eventually("all customers are browsing",
		"new Set([...document.querySelectorAll('#rows td.user')].map(e => e.textContent)).size === 9")
	b.photograph("everyone")
	b.visit("/")
	b.eventually("all are listed", "document.querySelectorAll('#seen tbody tr').length === 9")
	b.photograph("home")

	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
	})
	b.visit("/static?username=katherine")
	b.hasRows(len(troubled()) + 1)
	b.photograph("dark")
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
	b.phone(390)
	b.visit("/live?username=katherine")
	b.isConnected("live")
	b.hasRows(len(troubled()) + 1)
	b.photograph("phone")
}

// photograph keeps what the tab shows as NAME.png.
func (b *tab) photograph(name string) {
	b.t.Helper()
	b.eventually("fonts and times are there",
		"document.fonts.status === 'loaded' && [...document.querySelectorAll('relative-time')].every(e => e.shadowRoot?.textContent)")
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
}

// troubled is the log of a customer who can't pay, the oldest first.
func troubled() []request {
	return []request{
		{19 * time.Minute, "POST", "/login", 303},
		{19*time.Minute - 2*time.Second, "GET", "/", 200},
		{17 * time.Minute, "GET", "/search?q=teapot", 200},
		{16 * time.Minute, "GET", "/products/3", 200},
		{14 * time.Minute, "POST", "/cart", 303},
		{14*time.Minute - time.Second, "GET", "/cart", 200},
		{9 * time.Minute, "GET", "/checkout", 200},
		{7 * time.Minute, "POST", "/checkout", 422},
		{6 * time.Minute, "POST", "/checkout", 422},
		{4 * time.Minute, "GET", "/help/cards", 404},
		{3 * time.Minute, "GET", "/help", 200},
		{2 * time.Minute, "GET", "/account/reset?token=***", 200},
		{time.Minute, "POST", "/checkout", 500},
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
		logs.Record(store.Entry{Username: "katherine", Method: r.method, Path: r.path, Code: r.code, Time: now.Add(-r.ago)})
	}
}
