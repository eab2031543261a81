package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp/kb"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

func TestEveryoneCanBeFiltered(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site := serve(t, redis)
	shop, blog := openStoreWith(t, redis, store.Options{Application: "shop"}), openStoreWith(t, redis, store.Options{Application: "blog"})
	record := func(logs *store.Store, path string, code int) {
		logs.Record(store.Entry{Username: "ada", Method: "GET", Path: path, Code: code})
	}
	record(shop, "/before", 200)
	record(blog, "/before", 500)
	b := site.enter(t)
	b.visit("/")
	b.eventually("both report", "document.querySelectorAll('#applications tbody tr').length === 2")
	b.click("#applications tr:last-child .name a")
	b.isAt("/live/everyone?app=shop") // failures only
	b.isConnected("live")
	evaluate[bool](b, "(document.querySelector('#filter-show').focus(), true)")
	b.types(kb.Home)
	b.enter("#filter-text", "PAY")
	b.types(kb.Enter)
	b.isAt("/live/everyone?show=&q=PAY&users=&app=shop")
	b.isConnected("live")
	record(blog, "/pay/blog", 200)
	record(shop, "/cart", 200)
	record(shop, "/pay/1", 200)
	b.hasURLs("/pay/1")
	evaluate[bool](b, "(document.querySelector('#filter-show').focus(), true)")
	b.types(kb.End)
	b.click("#everyone-filter button")
	b.isAt("/live/everyone?show=errors&q=PAY&users=&app=shop")
	b.isConnected("live")
	record(shop, "/pay/2", 200)
	record(shop, "/pay/3", 422)
	b.hasURLs("/pay/3")
	b.click("#everyone-filter a")
	b.isAt("/live/everyone")
	b.hasURLs("/pay/3", "/before") // what failed, of all
	b.enter("#filter-users", "bob, carl")
	evaluate[bool](b, "(document.querySelector('#filter-show').focus(), true)")
	b.types(kb.Home)
	b.click("#everyone-filter button")
	b.isAt("/live/everyone?show=&q=&users=bob%2C+carl&app=")
	b.isConnected("live")
	record(shop, "/of/ada", 200)
	for _, name := range []string{"carl", "bob", "bob"} {
		shop.Record(store.Entry{Username: name, Method: "GET", Path: "/of/" + name, Code: 200})
	}
	b.hasURLs("/of/bob", "/of/bob", "/of/carl")
	b.shows("#rows .times", "×2")
	b.visit("/live/everyone?show=")
	shop.Record(store.Entry{Username: "ada", Method: "GET", Path: "/a.png", Code: 200, Kind: store.KindAsset})
	record(shop, "/help", 200)
	b.hasURL("/help")
	b.eventually("what a page fetched is left out", "![...document.querySelectorAll('#rows td.url')].some(e => e.textContent.includes('a.png'))")
	b.click("#everyone-filter [name=every]")
	b.click("#everyone-filter button")
	b.isAt("/live/everyone?show=&q=&users=&app=&every=1")
	b.eventually("every request is shown", "[...document.querySelectorAll('#rows td.url')].some(e => e.textContent.includes('a.png'))")
	b.click("#rows td.user a")
	b.isAt("/live?username=ada")
}

// An agent who listens to everyone's log hears how much is new, also where it is more than a table has rows.
func TestASummaryOfEveryoneCountsAll(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	b := site.enter(t)
	call(b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `{
		const later = window.setTimeout;
		window.setTimeout = (call, ms, ...more) => ms === 10_000 ? (window.tells = call, 0) : later(call, ms, ...more);
	}`})
	record(logs, "ada", "/before")
	b.prefers("ar") // which has a comma of its own
	b.visit("/live/everyone?show=")
	b.hasURLs("/before")
	b.eventually("what comes is news", "document.documentElement.classList.contains('settled')")
	for n := range 12 {
		for i := range 50 {
			record(logs, fmt.Sprint("user", n), fmt.Sprint("/", i))
		}
		b.eventually("they have come", hasText("#rows > tr:first-child td.user > a", fmt.Sprint("user", n))+" && "+hasText("#rows > tr:first-child td.url > code", "/49"))
	}
	evaluate[bool](b, "(tells(), true)")
	b.eventually("all are counted, and five named", `(said => said.includes("600") && said.includes("user3، user4") && !said.includes("user5"))(document.querySelector("#news").textContent)`)
}
