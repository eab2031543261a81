package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// TestByKeyboardAlone goes from the login to a live log and out again without a mouse, and looks at
// every stop whether one sees where one is.
func TestByKeyboardAlone(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	record(logs, "kira", "/cart", "/checkout")
	b := openTab(t, site.origin+"/userlog")
	b.visit("/login")
	b.eventually("the field for the name has the focus", "document.activeElement.matches('#username')")
	b.press(site.superuser)
	b.tabTo("#password")
	b.press(password + kb.Enter)
	// Until a page has loaded, Chromium goes back to what the # of its address names.
	b.eventually("logged in, and the page has loaded", "document.querySelector('header .account') && document.readyState === 'complete'")

	b.eventually("the search has the focus", "document.activeElement.matches('#search [name=username]')")
	b.press("kira" + kb.Enter)
	b.hasURLs("/checkout", "/cart")
	b.press(kb.Tab)
	b.press(kb.Enter) // the first stop leads past the navigation
	b.eventually("the content has the focus", "document.activeElement.matches('#content')")
	b.tabTo(".heading a[href*='/static?username=kira']")
	b.press(kb.Enter)
	b.isAt("/static?username=kira")
	b.hasURLs("/checkout", "/cart")
	b.tabTo(".heading a[href*='/live?username=kira']")
	b.press(kb.Enter)
	b.isConnected("live")
	b.hasURLs("/checkout", "/cart")

	b.tabTo("#pause")
	b.press(" ")
	b.eventually("the log is paused", "document.querySelector('#pause[aria-pressed=true]')")
	b.press(" ")
	b.eventually("the log goes on", "document.querySelector('#pause[aria-pressed=false]')")
	b.tabTo("#rows summary")
	b.press(kb.Enter)
	b.eventually("the details of a row are open", "document.querySelector('#rows details[open]')")
	b.tabTo("header .account button")
	b.press(kb.Enter)
	b.eventually("logged out", "document.querySelector('#login')")
}

// TestEveryControlByKeyboard uses what the test above passes by: filters, what is copied, everyone's page,
// accounts, and the looks and languages.
func TestEveryControlByKeyboard(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	record(logs, "ada", "/cart", "/checkout")
	b := site.enterInChromium(t)
	b.mayUseClipboard("clipboard-read", browser.PermissionSettingGranted)
	b.visit("/")
	b.tabTo("#seen td.user a")
	b.press(kb.Enter)
	b.isAt("/live?username=ada")
	b.tabTo(".heading .switch a[href*='/static']")
	b.press(kb.Enter)
	b.isAt("/static?username=ada")
	b.tabTo(".controls nav a[href*='show=pages']")
	b.press(kb.Enter)
	b.isAt("/static?show=pages&username=ada")
	b.tabTo("#filter [name=q]")
	b.press("cart" + kb.Enter)
	b.hasURLs("/cart")
	b.tabTo("a.unfold")
	b.press(kb.Enter)
	b.isAt("/static?every=1&q=cart&show=pages&username=ada")
	b.tabTo("#summary")
	said := b.sees("it is said that the summary is copied", hasText("#said[role=status]", "Copied"))
	b.press(kb.Enter)
	said()
	b.tabTo("#rows summary")
	b.press(kb.Enter)
	b.tabTo("#rows .copies button")
	said = b.sees("the button says that it has copied", hasText("#rows .copies button", "Copied"))
	b.press(" ")
	said()
	if got := evaluate[string](b, "navigator.clipboard.readText()"); got != "/cart" {
		t.Errorf("copied is %q", got)
	}

	b.visit("/live/everyone")
	b.tabTo("#filter-show")
	b.press(kb.Home)
	b.tabTo("#everyone-filter [name=every]")
	b.press(" ")
	b.press(kb.Enter)
	b.isAt("/live/everyone?show=&q=&users=&app=&every=1")

	b.visit("/accounts")
	b.tabTo("#create [name=name]")
	b.press("vera" + kb.Enter)
	b.eventually("the link", "document.querySelector('#secret')")
	b.visit("/accounts")
	b.tabTo("#accounts tr:last-child summary")
	b.press(kb.Enter)
	b.tabTo("#accounts tr:last-child form[action$='/accounts/disable'] button")
	b.press(kb.Enter)
	b.shows("#accounts tr:last-child td.state", "Disabled")

	b.tabTo("footer [name=theme][value=dark]")
	b.press(kb.Enter)
	b.eventually("the look has changed", "document.readyState === 'complete' && document.documentElement.dataset.theme === 'dark'")
	b.tabTo("footer [name=lang][value=fr]")
	b.press(kb.Enter)
	b.eventually("the language has changed", "document.documentElement.lang === 'fr'")
}

// press types keys, wherever the focus is.
func (b *tab) press(keys string) {
	b.t.Helper()
	b.do(fmt.Sprintf("press %q", keys), chromedp.KeyEvent(keys))
}

// tabTo presses Tab until the focus is on what matches, going around the page once at most. Each stop
// must show that it has the focus: by an outline or a shadow.
func (b *tab) tabTo(selector string) {
	b.t.Helper()
	const stops = 200
	var passed []string
	for range stops {
		b.press(kb.Tab)
		stop := evaluate[struct {
			Name          string
			Seen, Arrived bool
		}](b, `(() => {
			const e = document.activeElement, style = getComputedStyle(e);
			const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
			return {
				Name: e.outerHTML.slice(0, 80), Arrived: e.matches(`+quote(selector)+`),
				Seen: e === document.body || (outlined || style.boxShadow !== 'none') && e.getBoundingClientRect().height > 0,
			};
		})()`)
		if !stop.Seen {
			b.t.Errorf("on %s, nobody sees that the focus is on %s", b.location(), stop.Name)
		}
		if stop.Arrived {
			return
		}
		passed = append(passed, stop.Name)
	}
	b.t.Fatalf("Tab does not lead to %s, only past\n%s", selector, strings.Join(passed, "\n"))
}
