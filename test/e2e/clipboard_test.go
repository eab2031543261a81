package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// What buttons copy is what one can paste afterwards.
func TestCopyButtons(t *testing.T) {
	redis := redistest.Start(t)
	site, logs := serve(t, redis, "--site-url", "https://shop.example.com"), openStore(t, redis)
	logs.Record(store.Entry{
		Username: "ada", Method: "POST", Path: "/pay?token=secret", Code: 422, Time: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
		Kind: store.KindPage, Page: "Pay", RequestID: "01JD3Q8Z5W",
	})
	b := site.enterInChromium(t)
	b.mayUseClipboard("clipboard-read", browser.PermissionSettingGranted)
	for _, page := range []string{"/static?username=ada", "/live?username=ada"} {
		b.visit(page)
		b.hasURLs("/pay?token=***")
		b.click("#rows summary")
		recorded, err := logs.Client().LIndex(t.Context(), logs.KeyPrefix()+"log:ada", 0).Result()
		if err != nil {
			t.Fatal(err)
		}
		for n, want := range []string{"https://shop.example.com/pay?token=***", "01JD3Q8Z5W", recorded} {
			button := "#rows .copies button:nth-child(" + string(rune('1'+n)) + ")"
			if got := b.copies(button); got != want {
				t.Errorf("%s: copied %q, want %q", page, got, want)
			}
		}
		summary := b.copies("#summary")
		if !strings.HasPrefix(summary, "`ada`, ") || !strings.Contains(summary, "\n| 2026-03-04 05:06:07 UTC | `Pay` `POST /pay?token=***` | Rejected (422), `01JD3Q8Z5W` |\n") {
			t.Errorf("%s: the summary is\n%s", page, summary)
		}
		line := b.copies("#rows .copies [data-copy-url]")
		if !strings.HasPrefix(line, "`ada`\n\n- URL: `Pay`") || !strings.Contains(line, "2026-03-04 05:06:07 UTC (05:06:07 +00:00)\n") || !strings.Contains(line, "/userlog/static?line=") {
			t.Errorf("%s: the line for a ticket is\n%s", page, line)
		}
	}

	b.makeToken()
	if got, want := b.copies("[data-copy-from]"), evaluate[string](b, "document.querySelector('#secret').textContent"); got != want {
		t.Errorf("copied %q, want the token %q", got, want)
	}
}

// Some browsers don't let a page use the clipboard when it had to ask its server first.
func TestTheSummaryIsShownWhereItCanNotBeCopied(t *testing.T) {
	site, logs := shareSite(t)
	record(logs, "clara", "/cart")
	b := site.enterInChromium(t)
	b.mayUseClipboard("clipboard-write", browser.PermissionSettingDenied)
	b.expect("/favicon.ico") // for which Chromium asks where a page is text, and can't say that it has another
	b.visit("/static?username=clara")
	b.hasURLs("/cart")
	b.click("#summary")
	b.eventually("the summary", "location.pathname === '/userlog/summary' && document.body.textContent.startsWith('`clara`')")
}

// What somebody else answers is not said to be copied: the page goes where it can be seen. Without an answer it stays, and says so.
func TestWhatDidNotComeIsNotCopied(t *testing.T) {
	site, logs := shareSite(t)
	record(logs, "clio", "/cart")
	b := site.enterInChromium(t)
	b.mayUseClipboard("clipboard-write", browser.PermissionSettingGranted)
	b.expect("/favicon.ico")
	b.visit("/static?username=clio")
	b.hasURLs("/cart")
	b.answersCopies("Promise.reject(new TypeError('Failed to fetch'))")
	said := b.sees("the button says that nothing was copied", hasText("#summary", "Not copied")+" && "+hasText("#said", "Not copied"))
	b.click("#summary")
	said()
	b.eventually("it says no more", hasText("#summary", "Copy summary"))

	// A second click is answered with what came of it, for its whole time.
	evaluate[bool](b, `(() => {
		window.later = [];
		window.setTimeout = (call, ms, ...more) => ms === 1500 ? later.push(call) : window.laterOf(call, ms, ...more);
		window.clearTimeout = (timer) => delete later[timer - 1];
		return true;
	})(window.laterOf = window.setTimeout)`)
	b.answersCopies("Promise.resolve(new Response('clio', { headers: { 'Content-Type': 'text/plain' } }))")
	b.click("#summary")
	b.eventually("it is copied", hasText("#summary", "Copied")+" && "+hasText("#said", "Copied"))
	b.answersCopies("Promise.reject(new TypeError('Failed to fetch'))")
	b.click("#summary")
	b.eventually("it is not copied", hasText("#summary", "Not copied")+" && "+hasText("#said", "Not copied"))
	if evaluate[bool](b, "(later.length === 2 && !later[0] && later[1](), "+hasText("#summary", "Not copied")+")") {
		t.Error("the button says for ever what came of the second click")
	}
	b.shows("#summary", "Copy summary")

	b.answersCopies("Promise.resolve(new Response('<p>Welcome to the network</p>', { headers: { 'Content-Type': 'text/html' } }))")
	b.click("#summary")
	b.eventually("the summary", "location.pathname === '/userlog/summary'")
}

// answersCopies has the page get an answer to what it asks for to copy.
func (b *tab) answersCopies(answer string) {
	b.t.Helper()
	evaluate[bool](b, `(fetch => {
		window.fetch = (address, ...how) => String(address).includes("/summary") ? `+answer+` : fetch(address, ...how);
		return true;
	})(fetch)`)
}

// mayUseClipboard decides for the browser's user, who would be asked. The tab behaves as if it were in front.
func (b *tab) mayUseClipboard(how string, setting browser.PermissionSetting) {
	b.t.Helper()
	call(b, browser.SetPermission, browser.SetPermissionParams{
		Permission: &browser.PermissionDescriptor{Name: how}, Setting: setting,
		BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID,
	})
	call(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
}

// copies presses a button that copies, waits until it says that it has, and returns what is in the
// clipboard. If no answer came in time, it presses the button once more.
func (b *tab) copies(button string) string {
	b.t.Helper()
	b.sees(button+" says that it has copied", hasText(button, "Copied"))
	const notCopied = "Not copied"
	redistest.Eventually(b.t, button+" has copied", func() bool {
		b.eventually("no click before is answered", "!"+hasText(button, notCopied))
		b.click(button)
		b.eventually(button+" says what came of the click", "window.seen || "+hasText(button, notCopied))
		return evaluate[bool](b, "window.seen")
	})
	return evaluate[string](b, "navigator.clipboard.readText()")
}
