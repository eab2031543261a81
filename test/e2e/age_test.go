package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// saysActive is an expression that is true while a log says that the user is active now.
const saysActive = "(idle => idle && !idle.hidden && idle.textContent === ', active now.')(document.querySelector('#now .idle'))"

// ageOf is an expression for how long ago the newest row says that it was.
const ageOf = "document.querySelector('#rows time-ago')?.shadowRoot.textContent"

// acted records a request that was finished some time ago.
func acted(logs *store.Store, username, path string, ago time.Duration) {
	logs.Record(store.Entry{Username: username, Method: "GET", Path: path, Code: 200, Time: time.Now().Add(-ago)})
}

// What arrives late was not done just now: a connection that was repaired, a computer that slept, or a writer that waited.
func TestWhatComesLateIsNotJustNow(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"/live", "/static"} {
		t.Run(page[1:], func(t *testing.T) {
			t.Parallel()
			redis := redistest.Start(t)
			site, logs := serve(t, redis), openStore(t, redis)
			acted(logs, "ada", "/before", 5*time.Minute)
			b := site.enter(t)
			b.visit(page + "?username=ada")
			b.saysIdle(", 5 min ago.")
			acted(logs, "ada", "/late", 65*time.Second)
			b.hasURLs("/late", "/before")
			b.saysIdle(", 1 min ago.")
			b.eventually("the row says when it was", ageOf+" === '1 min ago'")

			b.sees("active now", saysActive)
			b.expectOutage()
			site.stop()
			b.isConnected("lost")
			acted(logs, "ada", "/meanwhile", 40*time.Second)
			site.again()
			b.hasURLs("/meanwhile", "/late", "/before")
			b.saysIdle(`, ([4-5]\d s|1 min) ago.`)
			if evaluate[bool](b, "window.seen") {
				t.Error("the page has said that the customer is active now")
			}
		})
	}
}

func TestAgesAreByTheServersClock(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis) // of its own: home lists who was seen last
	for _, wrong := range []string{"600_000", "-600_000"} {
		b := site.enter(t)
		call(b, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{
			Source: "{ const right = Date.now; Date.now = () => right() + " + wrong + "; }",
		})
		for _, page := range []string{"/live", "/static"} {
			acted(logs, "clara", "/", 30*time.Second)
			b.visit(page + "?username=clara")
			b.saysIdle(`, ([3-5]\d s|1 min) ago.`)
			b.eventually("the row says when it was", `/^([3-5]\d s|1 min) ago$/.test(`+ageOf+`)`)
		}
		acted(logs, "clara", "/", 30*time.Second)
		b.visit("/")
		b.eventually("the home page says when it was",
			`[...document.querySelectorAll('#seen tr')].some(r => r.textContent.includes('clara') && /^([3-5]\d s|1 min) ago$/.test(r.querySelector('time-ago').shadowRoot.textContent))`)
	}
}

// The server may have told a time that is ahead, for example before it knew Redis' clock. Its next answer sets pages right.
func TestATimeThatWasAheadIsSetRight(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	b := site.enter(t)
	call(b, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{
		Source: `document.addEventListener("readystatechange", () => {
			const { dataset } = document.documentElement;
			if (dataset.now) dataset.now = new Date(Date.parse(dataset.now) + 600_000).toISOString();
		}, { once: true });`,
	})
	acted(logs, "clara", "/", 30*time.Second)
	b.visit("/")
	b.eventually("the home page says when it was", `/^[3-5]\d s ago$/.test(document.querySelector('#seen time-ago')?.shadowRoot.textContent)`)
	for _, page := range []string{"/static", "/live"} {
		acted(logs, "clara", "/", 30*time.Second)
		b.visit(page + "?username=clara")
		b.saysIdle(`, [3-5]\d s ago.`)
		b.eventually("the row says when it was", `/^[3-5]\d s ago$/.test(`+ageOf+`)`)
	}

	evaluate[bool](b, `document.dispatchEvent(new CustomEvent("htmx:ws:before:message:incoming", {
		detail: { message: { data: JSON.stringify({ now: Date.now() + 600_000 }) } },
	}))`)
	b.saysIdle(`, ([3-5]\d s|1 min) ago.`)
	b.eventually("the row says when it was", `/^([3-5]\d s|1 min) ago$/.test(`+ageOf+`)`)
}

// watchIdle opens the live log of a user who did something half a minute ago.
func watchIdle(t *testing.T, username string) *tab {
	t.Helper()
	site, logs := shareSite(t)
	b := site.enter(t)
	acted(logs, username, "/", 30*time.Second)
	b.visit("/live?username=" + username)
	b.saysIdle(`, ([3-5]\d s|1 min) ago.`)
	return b
}

// A computer's clock is set while a page is open, for instance after it slept.
func TestAClockThatIsSetForwardChangesNoAge(t *testing.T) {
	t.Parallel()
	b := watchIdle(t, "cleo")
	evaluate[bool](b, `(now => {
		window.messages = 0;
		document.addEventListener("htmx:ws:after:message:incoming", () => messages++);
		Date.now = () => now() + 3_600_000;
		return true;
	})(Date.now)`)
	b.eventually("the server has said three times what time it is", "messages >= 3")
	b.saysIdle(", ([3-5]\\d s|1 min) ago.")
	b.eventually("the row says when it was", `/^([3-5]\d s|1 min) ago$/.test(`+ageOf+`)`)
}

// Nor is anybody active, or anything a second old, when the clock is set back.
func TestAClockThatIsSetBackMakesNothingNew(t *testing.T) {
	t.Parallel()
	b := watchIdle(t, "cora")
	evaluate[bool](b, `(now => {
		// What else the socket says of the time would set the page right.
		window.addEventListener("htmx:ws:before:message:incoming", event => event.stopImmediatePropagation(), { capture: true });
		window.said = 0;
		window.wrong = false;
		setInterval(() => {
			wrong ||= `+saysActive+` || `+ageOf+` === '1 s ago';
			said++;
		}, 100);
		Date.now = () => now() - 3_600_000;
		return true;
	})(Date.now)`)
	b.eventually("ages were told again", "said >= 15")
	if evaluate[bool](b, "wrong") {
		t.Error("the page has said that something was done just now")
	}
}

// A browser that is stopped as a whole wakes up with what has come meanwhile, and with a clock that has gone on.
func TestABrowserThatSleptIsNotTooLate(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	b := site.enterAlone(t)
	acted(logs, "ada", "/before", 5*time.Minute)
	b.visit("/live?username=ada")
	b.saysIdle(", 5 min ago.")
	b.sees("active now", saysActive)

	wake := b.sleep()
	record(logs, "ada", "/meanwhile")
	written(t, logs)
	time.Sleep(12 * time.Second) // it is how long the browser sleeps, and longer than anybody is active
	wake()
	b.hasURLs("/meanwhile", "/before")
	b.saysIdle(`, [1-5]\d s ago.`)
	if evaluate[bool](b, "window.seen") {
		t.Error("the page has said that the customer is active now")
	}
	b.isConnected("live")
}

// sleep stops all processes of the tab's browser, until wake is called.
func (b *tab) sleep() (wake func()) {
	b.t.Helper()
	all := processesBelow(chromedp.FromContext(b.ctx).Browser.Process().Pid)
	if len(all) < 3 {
		b.t.Fatalf("the browser has only %d processes", len(all))
	}
	send := func(signal syscall.Signal) {
		for _, pid := range all {
			_ = syscall.Kill(pid, signal) // one that has ended meanwhile needs none
		}
	}
	send(syscall.SIGSTOP)
	wake = func() { send(syscall.SIGCONT) }
	b.t.Cleanup(wake)
	return wake
}

// processesBelow are a process, its children, and theirs.
func processesBelow(pid int) []int {
	found := []int{pid}
	lists, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	for _, list := range lists {
		children, _ := os.ReadFile(list)
		for child := range strings.FieldsSeq(string(children)) {
			if id, err := strconv.Atoi(child); err == nil {
				found = append(found, processesBelow(id)...)
			}
		}
	}
	return found
}
