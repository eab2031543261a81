package e2e

import (
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// A log that reaches back over midnight says where the days are.
func TestDaysAreToldApart(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	for _, path := range []string{"/older", "/old"} {
		logs.Record(store.Entry{Username: "diana", Method: "GET", Path: path, Code: 200, Time: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)})
	}
	record(logs, "diana", "/today")
	b := site.enter(t)
	for _, page := range []string{"/static", "/live"} {
		b.visit(page + "?username=diana")
		b.hasURLs("/today", "/old", "/older")
		b.eventually("one day begins", `JSON.stringify([...document.querySelectorAll('#rows > tr')].map(r => r.dataset.day ?? '')) === '["","Wednesday, March 4, 2026",""]'`)
	}
}

// A live log stays true while it is read. Files that a page loads join its row, and a row that is open
// stays open. The sentence on top and the title of the window say where the user is.
func TestLiveLogShowsWhatThePersonDoes(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	b := site.enter(t)
	b.visit("/live?username=wanda")
	b.isConnected("live")
	logs.Record(store.Entry{Username: "wanda", Method: "GET", Path: "/orders/7", Code: 200, Kind: store.KindPage, Page: "Order details", Route: "/orders/:id"})
	b.hasURLs("/orders/7")
	b.eventually("the sentence on top", "/^On Order details, (active now|\\d+ s ago)\\.$/.test(document.querySelector('#now p').textContent.trim())")
	b.click("#rows summary")
	b.eventually("the details are open", "document.querySelector('#rows details').open && document.querySelector('#rows dl').textContent.includes('/orders/:id')")

	logs.Record(store.Entry{Username: "wanda", Method: "GET", Path: "/a.png", Code: 404, Kind: store.KindAsset, From: "/orders/7"})
	b.shows("#rows .fetched", "1 more request")
	b.shows("#rows .problems", "1 part failed")
	b.eventually("the row is the same one, and open", "document.querySelectorAll('#rows > tr').length === 1 && document.querySelector('#rows details').open")

	logs.Record(store.Entry{Username: "wanda", Method: "POST", Path: "/pay", Code: 422, Kind: store.KindPage, Page: "Pay", From: "/orders/7"})
	b.hasURLs("/pay", "/orders/7")
	b.eventually("the problem", "/^Pay was rejected \\(422\\)\\. On Pay, (active now|\\d+ s ago)\\.$/.test(document.querySelector('#now p').textContent.trim())")
	b.eventually("the title", "document.title === '● wanda — error 422 · userlog'")
	b.eventually("it is announced", "document.getElementById('news').textContent === 'Pay: Rejected (422)'")

	b.click("nav.switch[aria-label='What to show'] a:last-child")
	b.eventually("errors only", "location.search.includes('show=errors')")
	b.hasURLs("/pay", "/orders/7") // the second for its part
	b.enter("#filter input[name=q]", "pay")
	b.click("#filter button")
	b.hasURLs("/pay")
	b.click(".heading .switch a:last-child")
	b.eventually("the static log", "location.pathname === '/userlog/static'")
	b.hasURLs("/pay")
	b.click("a.unfold")
	b.hasURLs("/pay")
	b.shows("a.unfold", "Show what the person did")
}

// A refresh closes nothing that the reader has opened, and takes away nothing that she is typing.
func TestARefreshLeavesTheReaderAlone(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	logs.Record(store.Entry{Username: "rosa", Method: "GET", Path: "/orders/7", Code: 200, Kind: store.KindPage, Route: "/orders/:id"})
	b := site.enter(t)
	b.visit("/static?username=rosa")
	b.hasURLs("/orders/7")
	b.click("#rows summary")
	b.eventually("the details are open", "document.querySelector('#rows details').open")
	b.enter("#filter input[name=q]", "half a wo")
	for _, path := range []string{"/cart", "/pay"} {
		record(logs, "rosa", path)
		b.eventually("the log is refreshed", "document.querySelector('#rows td.url > code').textContent === "+quote(path))
	}
	b.eventually("the row is open, and no other", `JSON.stringify([...document.querySelectorAll('#rows details')].map(d => d.open)) === '[false,false,true]'`)
	b.eventually("it alone is shown in full", `JSON.stringify([...document.querySelectorAll('#rows td.url')].map(cell => getComputedStyle(cell).whiteSpace)) === '["nowrap","nowrap","normal"]'`)
	b.eventually("what was typed is there", "document.activeElement.matches('#filter input[name=q]') && document.activeElement.value === 'half a wo'")
}

// An agent who listens to the page hears what is new and what has gone wrong since, once, and nothing while the
// table is stopped.
func TestNewsIsAnnouncedOnce(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	b := site.openLog(t, logs, "ada", "/live")
	b.hasURLs("/before")
	b.eventually("what was there is no news", "document.documentElement.matches('.settled') && document.getElementById('news').textContent === ''")
	evaluate[bool](b, `(window.said = [], new MutationObserver(() => said.push(document.getElementById('news').textContent))
		.observe(document.getElementById('news'), { childList: true, characterData: true, subtree: true }), true)`)

	logs.Record(store.Entry{Username: "ada", Method: "POST", Path: "/pay", Code: 303, Location: "/paid", Kind: store.KindPage, Page: "Pay"})
	b.hasURLs("/pay", "/before")
	logs.Record(store.Entry{Username: "ada", Method: "GET", Path: "/paid", Code: 500, Kind: store.KindPage})
	b.shows("#rows .led > code", "/paid")
	logs.Record(store.Entry{Username: "ada", Method: "GET", Path: "/a.png", Code: 200, Kind: store.KindAsset, From: "/paid"})
	b.shows("#rows .fetched", "1 more request")
	b.click("#pause")
	record(logs, "ada", "/unheard")
	b.shows("#pause", "Paused: 1 waiting")
	if said := evaluate[string](b, "said.join('; ')"); said != "Pay: Redirection (303); Pay: Error (500)" {
		t.Errorf("it was said: %q", said)
	}

	b.visit("/live/everyone?show=")
	b.hasURLs("/unheard", "/paid", "/pay", "/before")
	b.eventually("what was there is no news", "document.documentElement.matches('.settled')")
	record(logs, "grace", "/help")
	logs.Record(store.Entry{Username: "tim", Method: "GET", Path: "/help", Code: 500})
	b.eventually("it is said in a sentence how many and who", "document.getElementById('news').textContent === '2 new, 1 failed: tim, grace' || document.getElementById('news').textContent === '2 new, 1 failed: grace, tim'")
}

// A page that is behind others says by its title that it shows nothing new any longer.
func TestTheTitleTellsThatTheConnectionIsLost(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	b := site.openLog(t, logs, "ada", "/live")
	b.isConnected("live")
	const before = "Live log of ada · userlog"
	b.eventually("the title", "document.title === "+quote(before))
	b.expectOutage()
	site.stop()
	b.eventually("the title says so", "document.title === "+quote("⚠ Connection lost, trying again — "+before))
	site.again()
	b.eventually("the title is what it was", "document.title === "+quote(before))
}
