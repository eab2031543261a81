package e2e

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/browser"
	cdppage "github.com/chromedp/cdproto/page"

	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestNothingIsMissingAfterRestartsOfTheServer(t *testing.T) {
	t.Parallel()
	for name, page := range map[string]string{"one user": "/live?username=ada", "everyone": "/live/everyone?show="} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redis := redistest.Start(t)
			site, logs := serve(t, redis), openStore(t, redis)
			var newestFirst []string
			requests := func(n int) {
				for range n {
					url := fmt.Sprint("/", len(newestFirst))
					record(logs, "ada", url)
					newestFirst = slices.Insert(newestFirst, 0, url)
				}
			}
			requests(3)
			b := site.enter(t)
			b.visit(page)
			b.hasURLs(newestFirst...)
			b.expectOutage()
			for range 2 {
				requests(4) // on their way to the page when the server stops
				site.stop()
				requests(10)
				b.isConnected("lost")
				site = site.again()
				requests(4) // on their way when the page comes back
				b.isConnected("live")
				requests(4)
				b.hasURLs(newestFirst...)
				b.hasGaps(0)
			}
		})
	}
}

func TestAGapIsShownWhereTheLogHasMovedOn(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	record(logs, "ada", "/old", "/last")
	b := site.enter(t)
	b.visit("/live?username=ada")
	b.hasURLs("/last", "/old")

	b.expectOutage()
	site.stop()
	b.isConnected("lost")
	var kept []string
	for n := range 30 {
		record(logs, "ada", fmt.Sprint("/", n))
		if n >= 5 { // the log keeps 25 requests
			kept = slices.Insert(kept, 0, fmt.Sprint("/", n))
		}
	}
	written(t, logs) // while nobody watches
	site = site.again()
	b.hasURLs(slices.Concat(kept, []string{"/last", "/old"})...)
	b.hasGaps(1)
	b.shows("#rows > tr.gap", "Requests may be missing here.")
	b.eventually("the gap is between what was there and what came", "document.querySelector('#rows > tr:has(+ tr.gap) > td.url > code').textContent === '/5' && document.querySelector('#rows > tr.gap + tr > td.url > code').textContent === '/last'")

	site.stop()
	b.isConnected("lost")
	record(logs, "ada", "/later")
	site.again()
	b.hasURLs(slices.Concat([]string{"/later"}, kept, []string{"/last", "/old"})...)
	b.hasGaps(1)
}

// A log may expire while a page sleeps, or while the server is away. The page then says that it has, and neither that it is found nor that
// something is missing.
func TestALogThatExpiresUnheard(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	record(logs, "ada", "/before")
	b := site.enter(t)
	b.visit("/live?username=ada")
	b.hasURLs("/before")
	b.expectOutage()
	site.stop()
	b.isConnected("lost")
	if err := logs.Client().Del(t.Context(), logs.KeyPrefix()+"log:ada").Err(); err != nil {
		t.Fatal(err)
	}
	site.again()
	b.isConnected("live")
	b.eventually("the page says so", "document.querySelector('#messages > .alone')?.textContent.includes('ada')")
	b.hasRows(0)
	record(logs, "ada", "/after")
	b.hasURLs("/after")
	b.hasGaps(0)
}

func TestAHiddenTabMissesNothing(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	record(logs, "hilda", "/before")
	b := site.enter(t)
	call(b, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{
		Source: "(" + holdLongTimers + ")()", // a server that is silent for some seconds is not given up
	})
	b.visit("/live?username=hilda")
	b.hasURLs("/before")
	b.notesSockets()
	restore := b.minimize()
	b.eventually("the tab is hidden", "document.hidden")
	record(logs, "hilda", "/unseen")
	b.hasURLs("/unseen", "/before")
	restore()
	b.eventually("the tab is back", "!document.hidden")
	record(logs, "hilda", "/seen")
	b.hasURLs("/seen", "/unseen", "/before")
	b.isConnected("live")
	if n := evaluate[int](b, "sockets.length"); n != 0 {
		t.Errorf("the page has connected %d more times", n)
	}
}

func TestABurstOfEverybodyIsCutToWhatAPersonCanRead(t *testing.T) {
	t.Parallel()
	const users, each = 20, 20
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	b := site.enter(t)
	b.visit("/live/everyone?show=")
	record(logs, "user0", "/first")
	b.hasURLs("/first") // what is not newer than the join may be older than what the page begins with
	for n := range each {
		for user := range users {
			record(logs, fmt.Sprint("user", user), fmt.Sprint("/", n))
		}
	}
	// Every request is either a row or counted by a row that says where to find it.
	b.eventually("all are accounted for", fmt.Sprintf(`%d === document.querySelectorAll('#rows > tr[data-id]').length +
		[...document.querySelectorAll('#rows > tr.omitted')].map(r => parseInt(r.textContent)).reduce((a, b) => a + b, 0)`, 1+users*each))
	b.eventually("it says that there are more", `[...document.querySelectorAll('#rows > tr.omitted')]
		.some(r => /^\d+ more requests are not shown here. Look up a user to see all of theirs.$/.test(r.textContent.trim()))`)
	b.visit("/live?username=user7")
	b.hasRows(each)
}

// minimize hides the tab with its window, until restore is called.
func (b *tab) minimize() (restore func()) {
	b.t.Helper()
	window := call(b, browser.GetWindowForTarget, browser.GetWindowForTargetParams{})
	become := func(state browser.WindowState) {
		call(b, browser.SetWindowBounds, browser.SetWindowBoundsParams{
			WindowID: window.WindowID, Bounds: &browser.Bounds{WindowState: state},
		})
	}
	restore = sync.OnceFunc(func() { become(browser.WindowStateNormal) })
	b.t.Cleanup(restore) // what is hidden can't be photographed
	become(browser.WindowStateMinimized)
	return restore
}
