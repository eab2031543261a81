package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// enterWithoutSocket opens the live log of ida behind a proxy that lets no socket through.
func enterWithoutSocket(t *testing.T, redis *redistest.Server, scripts string) (w *window, b *tab) {
	t.Helper()
	site, logs := serve(t, redis), openStore(t, redis)
	record(logs, "ida", "/before")
	w = &window{t: t, logs: logs}
	w.behind(site)
	w.socketless.Store(true)
	b = openTab(t, w.origin+"/userlog")
	b.expect(socketRefused, socketRefusedHTMX)
	call(b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: scripts})
	b.holdSession(site, site.superuser)
	b.visit("/live?username=ida")
	b.isConnected("instead")
	return w, b
}

// What is said by the requests that stand in for a socket holds, whatever comes of attempts at one.
func TestAnAttemptAtASocketSaysNothingElse(t *testing.T) {
	t.Parallel()
	w, b := enterWithoutSocket(t, redistest.Start(t), "")
	if err := w.logs.SetSwitches(t.Context(), store.Switches{NoRecord: true}); err != nil {
		t.Fatal(err)
	}
	b.isConnected("off")
	other := "document.querySelector('#connection:not([data-state=off])')"
	b.sees("something else is said", other)
	b.notesSockets()
	b.expect(unavailable)
	// A request may fail as well, where the machine is busy. An attempt that says something says it each time.
	redistest.Eventually(t, "an attempt says nothing", func() bool {
		b.isConnected("off")
		evaluate[bool](b, "(window.seen = false, sockets.length = 0, true)")
		b.eventually("an attempt has failed, and another one has begun", "sockets.length >= 2")
		return !evaluate[bool](b, "window.seen || Boolean("+other+")")
	})
}

// A request that fails says so by itself: attempts at a socket may hang for long.
func TestARequestInsteadOfASocketThatFailsSaysSo(t *testing.T) {
	t.Parallel()
	w, b := enterWithoutSocket(t, redistest.Start(t), `window.WebSocket = class extends EventTarget {
		static CONNECTING = 0;
		static OPEN = 1;
		readyState = 0;
		close() {}
	}`)
	b.expect("the server responded with a status of 502")
	w.site.stop()
	b.isConnected("lost")
}

// Requests that stand in for a socket go on when the computer's clock is set back. None is made while another is under way: that would bring
// the same once more.
func TestRequestsInsteadOfASocketComeOneByOne(t *testing.T) {
	t.Parallel()
	w, b := enterWithoutSocket(t, redistest.Start(t), `{
		const ask = window.fetch, repeat = window.setInterval;
		window.asked = 0;
		window.fetch = async (...question) => {
			if (question[1]?.headers?.["HX-Request"]) asked++;
			if (window.holds && question[1]?.headers?.["HX-Request"]) {
				delete question[1].signal; // of htmx, which waits five seconds
				await new Promise(resolve => { window.goesOn = resolve; });
			}
			return ask(...question);
		};
		window.setInterval = (call, ms) => {
			if (ms === 2000) window.asks = call;
			return repeat(call, ms);
		};
	}`)
	evaluate[bool](b, "(now => { Date.now = () => now() - 3_600_000; return true; })(Date.now)")
	record(w.logs, "ida", "/after")
	b.hasURLs("/after", "/before")

	evaluate[bool](b, "window.holds = true")
	b.eventually("a request is under way", "window.goesOn")
	for n := range 30 { // the log keeps 25
		record(w.logs, "ida", fmt.Sprint("/", n))
	}
	written(t, w.logs)
	until := evaluate[int](b, "(asks(), window.holds = false, goesOn(), asked + 2)")
	b.eventually("more has been asked since", fmt.Sprintf("asked >= %d && !document.querySelector('#live.htmx-request')", until))
	b.hasRows(27)
	b.hasGaps(1)
}

// A log may have expired while the server was away. A page without a socket says so, once, and does not speak of a gap when it gets one.
func TestALogThatExpiresWithoutASocket(t *testing.T) {
	t.Parallel()
	w, b := enterWithoutSocket(t, redistest.Start(t), "")
	b.hasURLs("/before")
	b.notesSockets()
	b.eventually("it has tried to go on behind its entry", "sockets.at(-1)?.includes('after=')")
	b.expect("the server responded with a status of 502")
	w.site.stop()
	if err := w.logs.Client().Del(t.Context(), w.logs.KeyPrefix()+"log:ida").Err(); err != nil {
		t.Fatal(err)
	}
	w.site.again()
	b.eventually("the page says so", "document.querySelector('#messages > .alone')?.textContent.includes('ida')")
	b.isConnected("instead")
	b.hasRows(0)
	w.socketless.Store(false)
	b.isConnected("live")
	b.hasGaps(0)
	record(w.logs, "ida", "/back")
	b.hasURLs("/back")
	if address := evaluate[string](b, "sockets.at(-1)"); strings.Contains(address, "after=") {
		t.Errorf("the socket goes on behind an entry that has expired: %s", address)
	}
}

// Sockets that fail one after the other have the page look whether it may still be shown: once at a time, and not for long where the
// server hangs. Else these requests would take all connections that a browser makes to a host, and none would be left for others.
func TestLooksAtAccessAreLimited(t *testing.T) {
	t.Parallel()
	_, b := enterWithoutSocket(t, redistest.Start(t), `{
		const ask = window.fetch;
		window.looks = { begun: 0, underWay: 0, most: 0 };
		window.fetch = (address, how) => how?.method !== "HEAD" ? ask(address, how) : new Promise((_, fail) => {
			looks.begun++;
			looks.most = Math.max(looks.most, ++looks.underWay);
			how.signal?.addEventListener("abort", () => { looks.underWay--; fail(how.signal.reason); });
		});
	}`)
	b.eventually("the page has looked again", "looks.begun >= 2")
	if most := evaluate[int](b, "looks.most"); most != 1 {
		t.Errorf("%d looks were under way at once", most)
	}
}

// A request can be under way for longer than it takes to get a socket. That it fails then says nothing of the socket.
func TestALateFailureDoesNotSayThatTheSocketIsLost(t *testing.T) {
	t.Parallel()
	w, b := enterWithoutSocket(t, redistest.Start(t), `{
		const ask = window.fetch;
		window.fetch = (...question) => !window.holds || !question[1]?.headers?.["HX-Request"] ? ask(...question) : new Promise((_, fail) => {
			window.fails = () => fail(new TypeError("Failed to fetch"));
		});
	}`)
	b.expect(requestRefusedHTMX)
	evaluate[bool](b, "window.holds = true")
	b.eventually("a request is under way", "window.fails")
	w.socketless.Store(false)
	b.isConnected("live")
	evaluate[bool](b, "(window.holds = false, fails(), true)")
	b.eventually("no request is under way", "!document.querySelector('#live.htmx-request')")
	b.isConnected("live")
	record(w.logs, "ida", "/after")
	b.hasURLs("/after", "/before")
	b.isConnected("live")
}

// A Redis that refuses what is written can be read. Pages say so with and without a socket, and their titles as well.
func TestPagesSayThatNothingNewIsTaken(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	w, instead := enterWithoutSocket(t, redis, "")
	live := w.site.enter(t)
	live.visit("/live?username=ida")
	live.isConnected("live")
	if err := w.logs.Client().ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	for _, b := range []*tab{instead, live} {
		b.isConnected("store-refuses")
		b.eventually("the title says so", "document.title.startsWith('⚠ The log store takes nothing new — ')")
	}
	live.visit("/") // without a socket, nobody else looks what is wrong
	if err := w.logs.Client().ConfigSet(t.Context(), "maxmemory", "0").Err(); err != nil {
		t.Fatal(err)
	}
	instead.isConnected("instead")
}
