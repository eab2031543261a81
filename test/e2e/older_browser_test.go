package e2e

import (
	"testing"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp/kb"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// takeAway takes away what browsers have got since 2023.
const takeAway = `
	delete AbortSignal.any;
	delete Array.fromAsync;
	delete Array.prototype.toSorted;
	delete Array.prototype.toReversed;
	delete Array.prototype.with;
	delete Map.groupBy;
	delete Object.groupBy;
	delete Promise.try;
	delete Promise.withResolvers;
	delete Set.prototype.union;
	delete URL.canParse;
	delete URL.parse;
	delete globalThis.Iterator;
	delete globalThis.scheduler;
	delete globalThis.Navigation;
	delete globalThis.navigation;
	delete Document.prototype.startViewTransition;
	delete Element.prototype.moveBefore;
	delete Element.prototype.setHTML;
	delete Element.prototype.ariaLabel;
	delete Element.prototype.ariaExpanded;
	delete Element.prototype.checkVisibility;
	delete HTMLElement.prototype.togglePopover;`

// An older browser finds users, and shows their logs.
func TestAnOlderBrowser(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	record(logs, "olga", "/first")
	written(t, logs)
	b := site.enter(t)
	call(b, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: takeAway})
	b.visit("/")
	b.types("/olg")
	b.suggests("olga", "1 user")
	b.types(kb.Enter)
	b.isAt("/live?username=olga")
	b.isConnected("live")
	record(logs, "olga", "/second")
	b.hasURLs("/second", "/first")
	b.visit("/static?username=olga")
	record(logs, "olga", "/third")
	b.hasURLs("/third", "/second", "/first")
	b.types("j")
	b.eventually("the focus is on the first row", "document.activeElement.matches('#rows > tr:first-child summary')")
	// Without popovers, the list of keys is at the end of the page.
	evaluate[bool](b, "(keys => { keys.removeAttribute('popover'); keys.style.marginTop = '200vh'; return true; })(document.querySelector('#keys'))")
	inSight := "(keys => keys.top < innerHeight && keys.bottom > 0)(document.querySelector('#keys').getBoundingClientRect())"
	if evaluate[bool](b, inSight) {
		t.Fatal("the list of keys is in sight before it is asked for")
	}
	b.types("?")
	b.eventually("the list of keys is in sight", inSight)
	b.visit("/static?username=olga")
	b.types("/olg")
	b.suggests("olga", "1 user")
}
