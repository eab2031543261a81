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
	b.do("take a desktop's screen", chromedp.EmulateViewport(1280, 960))
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
		b.eventually("each of them is shown", seen+" === 23 && document.activeElement.ariaExpanded === 'true'")
		b.press(kb.Enter)
		b.eventually("they are one row again", seen+" === 21 && document.activeElement.ariaExpanded === 'false'")
		b.click("#rows > tr:nth-child(1) td.url")
		b.eventually("the row is open, and says which it is", `(details => details.open && /^Details of Pay, \d\d:\d\d:\d\d$/.test(details.firstChild.ariaLabel))(document.querySelector('#rows details'))`)
		b.eventually("what it stands for is folded still", seen+" === 21")
		b.click("#rows > tr:nth-child(1) td.result")
		b.eventually("the row is closed", "!document.querySelector('#rows details[open]')")
	}
}

// On a phone, menu and filters are behind buttons, and the rows begin in the upper half. At 400 % they begin on the first screen.
func TestAPhoneShowsRowsAtOnce(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	for range 3 {
		logs.Record(store.Entry{Username: "phoebe", Method: "POST", Path: "/pay", Code: 422, Kind: store.KindPage, Page: "Pay"})
	}
	b := site.enter(t)
	const first = "document.querySelector('#rows > tr').getBoundingClientRect()"
	for _, page := range []string{"/static?username=phoebe", "/live?username=phoebe", "/live/everyone"} {
		b.do("take a phone", chromedp.EmulateViewport(360, 640, chromedp.EmulateMobile))
		b.visit(page)
		b.eventually(page+" begins in the upper half", first+".top < 320")
		b.do("zoom to 400 %", chromedp.EmulateViewport(320, 256))
		b.eventually(page+" begins on the first screen at 400 %", first+".top < 256")
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
