package e2e

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// What agents do most is tried in each engine. Chromium has tests of its own for each part of it.
func TestTheMainPathsInChromium(t *testing.T) {
	t.Parallel()
	walkTheMainPaths(t, "chromium", openChromium)
}

func TestTheMainPathsInFirefox(t *testing.T) {
	t.Parallel()
	walkTheMainPaths(t, "firefox", openFirefox)
}

func TestTheMainPathsInWebKit(t *testing.T) {
	t.Parallel()
	walkTheMainPaths(t, "webkit", openWebKit)
}

// walkTheMainPaths does in an engine, one after the other, what agents do most.
func walkTheMainPaths(t *testing.T, engine string, open func(t *testing.T) driver) {
	t.Helper()
	w := openWindow(t, engine, open)
	for _, path := range []struct {
		name string
		walk func(*window)
	}{
		{"login and search", (*window).logsInAndSearches},
		{"live", (*window).isLive},
		{"copy", (*window).copies},
		{"alerts", (*window).offersAlerts},
		{"wake-up", (*window).wakesUp},
		{"outage", (*window).outlivesAnOutage},
		{"silence", (*window).noticesSilence},
		{"offline", (*window).losesItsNetwork},
		{"no socket", (*window).goesOnWithoutSocket},
		{"static", (*window).refreshes},
		{"session", (*window).saysWhyItLogsOut},
	} {
		if !t.Run(path.name, func(t *testing.T) {
			inner := *w
			inner.t = t
			path.walk(&inner)
			w.site = inner.site
		}) {
			return // what follows needs it
		}
	}
}

// openWindow opens a window of an engine, on a site of its own.
func openWindow(t *testing.T, engine string, open func(t *testing.T) driver) *window {
	t.Helper()
	d := open(t)
	if d == nil {
		redistest.Missing(t, engine+" is not installed: .ci/setup installs it on Debian")
	}
	w := &window{t: t, driver: d, redis: redistest.Start(t)}
	w.behind(serve(t, w.redis))
	w.logs = openStore(t, w.redis)
	return w
}

// window is the window of a browser, in front of a proxy that may let no socket through.
type window struct {
	t          *testing.T
	driver     driver
	redis      *redistest.Server
	logs       *store.Store
	site       *program
	origin     string // of the proxy
	socketless *atomic.Bool
	cut        *atomic.Bool // the proxy lets nothing through
}

// behind has the window see a site through a proxy.
func (w *window) behind(site *program) {
	w.t.Helper()
	target, err := url.Parse(site.origin)
	if err != nil {
		w.t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorLog = log.New(io.Discard, "", 0) // the site is stopped now and then
	w.site, w.socketless, w.cut = site, &atomic.Bool{}, &atomic.Bool{}
	address := anyAddress(w.t)
	server := &http.Server{Addr: address, Handler: http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if w.cut.Load() {
			panic(http.ErrAbortHandler) // ends the connection
		}
		if r.Header.Get("Upgrade") != "" && w.socketless.Load() {
			http.Error(out, "no sockets here", http.StatusForbidden)
			return
		}
		proxy.ServeHTTP(out, r)
	})}
	go func() { _ = server.ListenAndServe() }()
	w.t.Cleanup(func() { _ = server.Close() })
	w.origin = "http://" + address
}

// call sends a command, and fails the test where it does.
func (w *window) call(c command, parameters map[string]any) json.RawMessage {
	w.t.Helper()
	value, err := w.driver.call(c, parameters)
	if err != nil {
		w.t.Fatalf("%s %v: %v", c.name, parameters, err)
	}
	return value
}

func (w *window) visit(path string) {
	w.t.Helper()
	w.call(cmdNavigate, map[string]any{"url": w.origin + "/userlog" + path})
}

// holds reports whether an expression is true in the page.
func (w *window) holds(expression string) bool {
	value, err := w.driver.call(cmdScript, map[string]any{"script": "return Boolean(" + expression + ")", "args": []any{}})
	return err == nil && string(value) == "true" // a page that is being left has no answer
}

// text is that of an element, "" where there is none.
func (w *window) text(selector string) string {
	w.t.Helper()
	var text string
	_ = json.Unmarshal(w.call(cmdScript, map[string]any{
		"script": "return document.querySelector(arguments[0])?.textContent.trim() ?? ''", "args": []any{selector},
	}), &text)
	return text
}

// eventually waits until an expression is true in the page.
func (w *window) eventually(what, expression string) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); !w.holds(expression); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("%s: not so; the page says %q", what, w.text("main"))
		}
	}
}

// is waits until the connection has a state.
func (w *window) is(state string) {
	w.t.Helper()
	w.eventually("the connection is "+state, "document.querySelector('#connection')?.dataset.state === '"+state+"'")
}

// hasRow waits until there is a row about an address.
func (w *window) hasRow(path string) {
	w.t.Helper()
	w.eventually("a row of "+path, "[...document.querySelectorAll('#rows tr[data-id]')].some(row => row.textContent.includes('"+path+"'))")
}

// element is one that is there by now.
func (w *window) element(selector string) string {
	w.t.Helper()
	w.eventually("there is "+selector, "document.querySelector('"+selector+"')")
	found := map[string]string{}
	if err := json.Unmarshal(w.call(cmdFind, map[string]any{"using": "css selector", "value": selector}), &found); err != nil {
		w.t.Fatal(err)
	}
	return found[elementKey]
}

func (w *window) click(selector string) {
	w.t.Helper()
	w.call(cmdClick, map[string]any{"id": w.element(selector)})
}

func (w *window) write(selector, text string) {
	w.t.Helper()
	w.call(cmdKeys, map[string]any{"id": w.element(selector), "text": text})
}

const enterKey = "\ue007"

func (w *window) logsInAndSearches() {
	acted(w.logs, "ada", "/before", 5*time.Minute)
	written(w.t, w.logs)
	w.visit("/")
	w.write("input[name=username]", superuser)
	w.write("input[name=password]", password+enterKey)
	w.eventually("what is typed is heard", "document.querySelector('header .account') && document.documentElement.matches('.scripted')")
	w.write("#search #search-name", "ad")
	w.eventually("ada is suggested", "document.querySelector('#suggestions [role=option]')?.textContent.includes('ada') || "+typeAgain)
	w.write("#search #search-name", "a"+enterKey)
	w.hasRow("/before")
}

func (w *window) isLive() {
	w.visit("/live?username=ada")
	w.is("live")
	w.hasRow("/before")
	record(w.logs, "ada", "/cart")
	w.hasRow("/cart")
	w.eventually("she is active", saysActive)
}

func (w *window) copies() {
	// The word that says so is gone after a moment.
	w.holds(`new MutationObserver(() => { window.answered = true; }).observe(document.querySelector("#summary").parentNode, { childList: true, characterData: true, subtree: true })`)
	w.click("#summary")
	w.eventually("it is copied, or shown", "window.answered || !document.querySelector('#summary')")
}

// wakesUp has the browser sleep longer than anybody is active.
func (w *window) wakesUp() {
	acted(w.logs, "bob", "/before", 5*time.Minute)
	w.visit("/live?username=bob")
	w.is("live")
	w.hasRow("/before")
	w.call(cmdScript, map[string]any{
		"script": "window.seen = false; setInterval(() => { window.seen ||= " + saysActive + "; }, 20)", "args": []any{},
	})
	send := func(signal syscall.Signal) {
		for _, pid := range processesBelow(w.driver.pid()) {
			_ = syscall.Kill(pid, signal) // one that has ended meanwhile needs none
		}
	}
	send(syscall.SIGSTOP)
	w.t.Cleanup(func() { send(syscall.SIGCONT) })
	record(w.logs, "bob", "/asleep")
	written(w.t, w.logs)
	time.Sleep(12 * time.Second) // it is how long the browser sleeps
	send(syscall.SIGCONT)
	w.hasRow("/asleep")
	w.eventually("he is idle", `/[1-5]\d s ago/.test(document.querySelector('#now .idle')?.textContent)`)
	if w.holds("window.seen") {
		w.t.Error("the page has said that the customer is active now")
	}
	w.is("live")
	w.visit("/live?username=ada")
	w.is("live")
}

// offersAlerts switches alerts on. The title counts in each browser, whatever it thinks of notifications.
func (w *window) offersAlerts() {
	w.visit("/live?username=ada")
	w.is("live")
	w.click("#alerting")
	w.click("#alerts [name=on]")
	w.click("#alerts [name=acts]")
	w.eventually("it is said how they come", "document.querySelector('#alerts-state').textContent.includes('title of this tab')")
	w.holds("document.hasFocus = () => false")
	record(w.logs, "ada", "/elsewhere")
	w.eventually("the title counts", "document.title.startsWith('(1) ada')")
	w.visit("/")
	w.visit("/live?username=ada")
	w.is("live")
	w.eventually("they have ended with the log", "document.querySelector('#alerting').textContent === 'Alerts'")
}

func (w *window) outlivesAnOutage() {
	w.site.stop()
	w.is("lost")
	record(w.logs, "ada", "/meanwhile")
	w.site = w.site.again()
	w.is("live")
	w.hasRow("/meanwhile")
}

// noticesSilence has a server hang that keeps its connections. The page notices it within 11 seconds, and 2 more where it has to
// find out whether it slept. On a busy machine it may take longer, but not as long as for a page that nobody sees. The page counts
// seconds, which stand still with the browser.
func (w *window) noticesSilence() {
	thaw := w.site.freeze()
	w.holds("setInterval(() => { window.unnoticed = (window.unnoticed ?? 0) + (document.querySelector('#connection').dataset.state !== 'lost') }, 1000)")
	w.is("lost")
	if !w.holds("window.unnoticed <= 30") {
		w.t.Error("it is not noticed within 30 s")
	}
	w.eventually("nothing is said of idleness", "document.querySelector('#now .idle')?.hidden !== false")
	thaw()
	w.is("live")
}

// losesItsNetwork has the browser say that it has no network. Pages take notice in that moment, and not after the next silence.
func (w *window) losesItsNetwork() {
	for _, page := range []string{"/static?username=ada", "/live?username=ada"} {
		w.visit(page)
		const well = "['live', 'refreshing'].includes(document.querySelector('#connection')?.dataset.state)"
		w.eventually("all is well", well)
		w.call(cmdScript, map[string]any{"args": []any{}, "script": `addEventListener("offline", () => setTimeout(() => {
			window.atOnce = document.querySelector("#connection").dataset.state === "lost"; }))`})
		w.cut.Store(true)
		w.offline(true)
		w.eventually(page+" says so at once", "window.atOnce")
		w.is("lost")
		w.cut.Store(false)
		w.offline(false)
		w.eventually("all is well again", well)
	}
}

func (w *window) offline(away bool) {
	w.t.Helper()
	if err := w.driver.offline(away); err != nil {
		w.t.Fatalf("offline %t: %v", away, err)
	}
}

// In each engine an agent whose browser runs no scripts logs in, reads a log with its times, and is told that it does not refresh.
func TestEachEngineWithoutScripts(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) driver{"firefox": openPlainFirefox, "webkit": openPlainWebKit} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := openWindow(t, name, open)
			acted(w.logs, "ada", "/before", 5*time.Minute)
			written(t, w.logs)
			w.visit("/login?next=/userlog/live?username=ada")
			w.write("input[name=username]", superuser)
			w.write("input[name=password]", password+enterKey)
			w.hasRow("/before")
			w.eventually("it is the static log", "location.pathname === '/userlog/static' && !document.documentElement.matches('.scripted')")
			w.eventually("it says that it does not refresh", "document.querySelector('noscript a').checkVisibility()")
			w.eventually("times are whole", wholeTimes)
			w.eventually("the sentence has a time, and no age", saysTime)
			acted(w.logs, "ada", "/after", time.Minute)
			written(t, w.logs)
			w.click("noscript a")
			w.hasRow("/after")
		})
	}
}

// wholeTimes and saysTime are of pages that nobody keeps true: no time is cut off, and no age is said, which would soon be false.
const (
	wholeTimes = "[...document.querySelectorAll('#rows td.time')].every(e => /UTC/.test(e.innerText) && e.scrollWidth <= e.clientWidth)"
	saysTime   = `getComputedStyle(document.querySelector('#now .idle')).display === 'none' &&
		getComputedStyle(document.querySelector('#now .at')).display !== 'none' && /UTC/.test(document.querySelector('#now .at').dataset.at) &&
		!['none', 'normal'].includes(getComputedStyle(document.querySelector('#now .at'), '::after').content)`
)

// goesOnWithoutSocket has a proxy let no socket through, and then let them through again.
func (w *window) goesOnWithoutSocket() {
	w.socketless.Store(true)
	w.visit("/live?username=ada")
	w.is("instead")
	w.hasRow("/meanwhile")
	record(w.logs, "ada", "/polled")
	w.hasRow("/polled")
	if said := w.text("#connection"); !strings.HasPrefix(said, "Not live") {
		w.t.Errorf("the page says %q", said)
	}
	w.socketless.Store(false)
	w.is("live")
	record(w.logs, "ada", "/again")
	w.hasRow("/again")
	w.hasRow("/polled")
}

func (w *window) refreshes() {
	w.visit("/static?username=ada")
	w.is("refreshing")
	record(w.logs, "ada", "/static-row")
	w.hasRow("/static-row")
	client := w.redis.Client(w.t)
	key := w.logs.KeyPrefix() + "users"
	if err := client.ZAddXX(w.t.Context(), key, redis.Z{Member: "ada", Score: float64(time.Now().Add(-2 * time.Hour).UnixMilli())}).Err(); err != nil {
		w.t.Fatal(err)
	}
	if err := client.Del(w.t.Context(), w.logs.KeyPrefix()+"log:ada").Err(); err != nil {
		w.t.Fatal(err)
	}
	w.eventually("the log has expired", "document.querySelector('#messages')?.textContent.includes('was here until')")
}

func (w *window) saysWhyItLogsOut() {
	client := w.redis.Client(w.t)
	found, err := client.Keys(w.t.Context(), w.logs.KeyPrefix()+"session:*").Result()
	if err != nil || len(found) == 0 {
		w.t.Fatalf("sessions: %v, %v", found, err)
	}
	if err := client.Del(w.t.Context(), found...).Err(); err != nil {
		w.t.Fatal(err)
	}
	w.eventually("the login says why", "document.querySelector('input[name=password]') && document.body.textContent.includes('session has ended')")
}
