package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/gin-userlog/userlog/store"
)

// seen is an expression for how many rows can be seen of the log.
const seen = "[...document.querySelectorAll('#rows > tr')].filter(row => row.checkVisibility()).length"

// A row is a line, whatever is in it, and a click anywhere on it opens it. Repeats are one row, which shows each of them.
func TestARowIsALineThatOpens(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	for i := range 20 {
		record(logs, "lina", fmt.Sprintf("/%d/%s", i, long()))
	}
	for range 3 {
		logs.Record(store.Entry{Username: "lina", Method: "POST", Path: "/pay", Code: 422, Kind: store.KindPage, Page: "Pay"})
	}
	b := site.enter(t)
	b.do("take a desktop's screen", chromedp.EmulateViewport(1280, 1024))
	for _, page := range []string{"/static", "/live"} {
		b.visit(page + "?username=lina")
		b.hasRows(23)
		b.eventually("repeats are one row", seen+" === 21")
		b.eventually("each is a line", "[...document.querySelectorAll('#rows > tr')].filter(row => row.checkVisibility()).every(row => row.offsetHeight >= 32 && row.offsetHeight <= 36)")
		b.eventually("twenty can be seen", "document.querySelectorAll('#rows > tr')[21].getBoundingClientRect().bottom < innerHeight")
		b.eventually("the day and the zone are in the head", `/^\w+ \d+, UTC$/.test(document.querySelector('#log th.time').dataset.day)`)
		b.shows("#rows .times", "×3")
		b.tabTo("#rows .times")
		b.press(kb.Enter)
		b.eventually("each of them is shown", seen+" === 23 && document.activeElement.getAttribute('aria-expanded') === 'true'")
		b.press(kb.Enter)
		b.eventually("they are one row again", seen+" === 21 && document.activeElement.getAttribute('aria-expanded') === 'false'")
		b.click("#rows > tr:nth-child(1) td.url")
		b.eventually("the row is open, and says which it is", `(details => details.open && /^Details of Pay, \d\d:\d\d:\d\d$/.test(details.firstChild.ariaLabel))(document.querySelector('#rows details'))`)
		b.eventually("what it stands for is folded still", seen+" === 21")
		b.click("#rows > tr:nth-child(1) td.result")
		b.eventually("the row is closed", "!document.querySelector('#rows details[open]')")
	}
}

// A row that stands for several addresses says so: else a customer who looked at three products seems to have opened one again and again.
func TestARowSaysForHowManyAddressesItStands(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	for _, product := range []string{"moth", "duck", "loom", "duck"} {
		logs.Record(store.Entry{Username: "lotte", Method: "GET", Path: "/products/" + product, Code: 200, Kind: store.KindPage, Page: "Product"})
	}
	b := site.enter(t)
	const others = "document.querySelector('#rows td.url').dataset.others"
	for _, page := range []string{"/static", "/live"} {
		b.visit(page + "?username=lotte")
		b.hasRows(4)
		b.shows("#rows .times", "×4")
		b.eventually("two others are in it", others+" === 'and 2 more'")
		b.eventually("that is shown", `getComputedStyle(document.querySelector('#rows td.url'), '::after').content.includes('and 2 more')`)
		b.click("#rows .times")
		b.eventually("each row has its own", others+" === undefined")
		b.click("#rows .times")
		b.eventually("two others are in it again", others+" === 'and 2 more'")
	}
}

// A table without a request says what to do, also where a line tells of requests that are not kept.
func TestATableWithoutARequestSaysWhatToDo(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	logs.Record(store.Entry{Username: "mia", Method: "POST", Path: "/pay", Code: 422, Kind: store.KindPage, Page: "Pay"})
	for i := range 30 {
		record(logs, "mia", fmt.Sprintf("/%d", i))
	}
	b := site.enter(t)
	for _, page := range []string{"/static?username=mia", "/live?username=mia"} {
		b.visit(page + "&q=nowhere")
		b.shows("#rows .omitted", "5 older requests are not kept.")
		b.shows("#log ~ .empty:not(.loading, .cut-off)", "Nothing of that kind. Choose All, or empty the filter, to see the rest.")
		b.eventually("both can be read", "['#rows .omitted', '#log ~ .empty'].every(e => document.querySelector(e).checkVisibility())")
		b.visit(page + "&device=Firefox%2C+phone")
		b.shows("#log ~ .empty:not(.loading, .cut-off)", "Nothing of that kind on this device is kept. Choose All devices to see the rest.")
	}
	b.visit("/live?username=" + "nobody-yet")
	b.eventually("there is nothing to pause", "!document.querySelector('#pause')?.checkVisibility()")
}

// That a visit begins is said in full, and a header is one line.
func TestNothingIsCutAtAnOrdinaryWidth(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	for _, client := range []string{"Firefox, Windows, computer", "Safari, iOS, phone"} {
		logs.Record(store.Entry{Username: "nele", Method: "POST", Path: "/login", Code: 303, Location: "/", Kind: store.KindPage, Page: "Log in", Client: client})
	}
	b := site.enter(t)
	for _, lang := range []string{"en", "ar", "de", "es", "fr"} {
		b.do("take a desktop's screen", chromedp.EmulateViewport(1100, 700))
		b.visit("/static?username=nele")
		b.click("footer button[lang=" + lang + "]")
		b.eventually("the page is in "+lang, "document.documentElement.lang === '"+lang+"' && document.querySelector('#rows .visit')")
		b.eventually("visits are said in full", "[...document.querySelectorAll('#rows td.what')].every(e => e.scrollWidth <= e.clientWidth) && [...document.querySelectorAll('#rows .visit')].every(e => e.getBoundingClientRect().bottom <= e.closest('td').getBoundingClientRect().bottom)")
		b.eventually("the header is one line", "document.querySelector('header.site').offsetHeight < 60")
	}
	b.visit("/account")
	b.eventually("nothing touches the button", "(button => button.getBoundingClientRect().top - button.closest('form').previousElementSibling.getBoundingClientRect().bottom >= 8)(document.querySelector('#set-up-app button'))")
}

// At 400 %, the title of a log gives way to the rows, as the search field has the name. It does not have that of a visitor.
func TestAtFourTimesTheSizeALogSaysWhoseItIs(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	visitor := store.VisitorName("frieda")
	b := site.enter(t)
	b.do("zoom to 400 %", chromedp.EmulateViewport(320, 256))
	for username, name := range map[string]string{"frieda": "frieda", visitor: "not logged in"} {
		record(logs, username, "/help")
		for _, page := range []string{"/static", "/live"} {
			b.visit(page + "?username=" + username)
			b.hasURLs("/help")
			b.eventually(page+" says that it is the log of "+name, fmt.Sprintf("[document.querySelector('#search-name').value, (h1 => h1.offsetWidth > 1 && h1.innerText)(document.querySelector('h1'))].some(e => e && e.includes(%s))", quote(name)))
			b.eventually(page+" begins on the first screen", "document.querySelector('#rows > tr').getBoundingClientRect().top < 256")
			b.fits(320)
		}
	}
}

// On a phone, menu and filters are behind buttons, and the rows begin in the upper half, also at 400 %.
func TestAPhoneShowsRowsAtOnce(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	for range 3 {
		logs.Record(store.Entry{Username: "phoebe", Method: "POST", Path: "/pay", Code: 422, Kind: store.KindPage, Page: "Pay", Client: "Safari, iOS, phone"})
	}
	logs.Record(store.Entry{Username: "phoebe", Method: "GET", Path: "/help", Code: 200, Kind: store.KindPage, Page: "Help", Client: "Chrome, Linux, computer"})
	b := site.enter(t)
	const first = "document.querySelector('#rows > tr').getBoundingClientRect()"
	for _, page := range []string{"/static?username=phoebe", "/live?username=phoebe", "/live/everyone"} {
		b.do("take a phone", chromedp.EmulateViewport(360, 640, chromedp.EmulateMobile))
		b.visit(page)
		b.eventually(page+" begins in the upper half", first+".top < 320")
		b.do("zoom to 400 %", chromedp.EmulateViewport(320, 256))
		b.eventually(page+" begins in the upper half at 400 %", first+".top < 128")
		b.eventually(page+" has buttons that a thumb hits", "[...document.querySelectorAll('.heading :is(a, button)')].filter(e => e.checkVisibility()).every(e => e.getBoundingClientRect().height >= 24)")
		b.fits(320)
	}
	b.do("take a phone", chromedp.EmulateViewport(360, 640))
	b.eventually("the menu is folded", "!document.querySelector('#menu a').checkVisibility()")
	b.click("[popovertarget=menu]")
	b.eventually("the menu is there", "document.querySelector('#menu a[href$=\"/accounts\"]').checkVisibility()")
	b.press(kb.Escape)
	b.click("[popovertarget=everyone-filter]")
	b.eventually("the filter is there", "document.querySelector('#filter-text').checkVisibility()")
	b.eventually("fields are large enough for a phone not to zoom in", "[...document.querySelectorAll('input:not([type=checkbox]), select')].every(e => parseFloat(getComputedStyle(e).fontSize) >= 16)")
	b.press(kb.Escape)
}
