package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"github.com/gin-userlog/userlog/store"
)

// point moves the mouse.
func (b *tab) point(x, y float64) {
	b.t.Helper()
	b.do("point", chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x, y))
}

// Rows stay where they are while somebody reads them, and what is new waits behind a button.
func TestRowsStayUnderTheHand(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	for name, page := range map[string]string{"hannah": "/static", "holda": "/live"} {
		t.Run(page[1:], func(t *testing.T) {
			t.Parallel()
			for n := range 24 {
				record(logs, name, fmt.Sprint("/", n))
			}
			b := site.enter(t)
			b.do("take a desktop's screen", chromedp.EmulateViewport(1280, 900))
			b.visit(page + "?username=" + name)
			b.hasRows(24)
			const newest = "document.querySelector('#rows > tr:not([data-waiting])')"
			top := func() float64 {
				t.Helper()
				return evaluate[float64](b, "document.getElementById(window.read).getBoundingClientRect().top")
			}
			waits := func(why string, release func()) {
				t.Helper()
				evaluate[bool](b, "(window.read = "+newest+".id, true)")
				before := top()
				logs.Record(store.Entry{Username: name, Method: "POST", Path: "/pay/" + why, Code: 500, Kind: store.KindPage, Page: "A page with a name that is rather long, so that the sentence above takes another line"})
				b.shows("#new:not([hidden])", "1 new ↑")
				if after := top(); after != before {
					t.Errorf("%s: the row was at %v, and is at %v", why, before, after)
				}
				release()
				b.eventually(why+": nothing waits", "document.querySelector('#new').hidden && "+newest+".querySelector('td.url > code').textContent === "+quote("/pay/"+why))
			}

			evaluate[bool](b, "(scrollTo(0, document.querySelector('#rows').getBoundingClientRect().top + scrollY + 200), true)")
			waits("scrolled", func() { b.click("#new") })
			b.eventually("the newest can be seen", "document.querySelector('#log').getBoundingClientRect().top >= 0")

			evaluate[bool](b, "(scrollTo(0, 0), true)")
			at := evaluate[[2]float64](b, "(r => [r.left + 300, r.top + 50])(document.querySelector('#rows').getBoundingClientRect())")
			b.point(at[0], at[1])
			b.eventually("a row is pointed at", "document.querySelector('#rows > tr:hover')")
			waits("pointed at", func() { b.point(1, 1) })

			b.click("#rows > tr:nth-child(3) td.url")
			b.point(1, 1)
			waits("open", func() { evaluate[bool](b, "(document.querySelector('#rows details[open]').open = false, true)") })

			evaluate[bool](b, "(getSelection().selectAllChildren(document.querySelector('#rows td.url')), true)")
			waits("selected", func() { evaluate[bool](b, "(getSelection().removeAllRanges(), true)") })

			record(logs, name, "/free")
			b.eventually("what is new is shown at once", newest+".querySelector('td.url > code').textContent === '/free'")
		})
	}
}
