package e2e

import (
	"testing"
)

func TestWithoutJavaScript(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	record(logs, "olga", "/first", "/second")
	b := openTab(t, site.origin+"/userlog")
	b.withoutJavaScript()
	b.visit("/login")
	b.fillInLogin(site.superuser, password)
	b.eventually("logged in", "document.querySelector('header .account')")
	b.visit("/")
	b.search("olga")
	b.hasURLs("/second", "/first")
	b.shows("#messages [role=status]", "Logs found for olga.")
	b.click("footer button[lang=fr]")
	b.shows("#messages [role=status]", "Journaux trouvés pour olga.")
	b.saysThatItDoesNotRefresh("Sans JavaScript, cette page ne s’actualise pas toute seule. L’actualiser maintenant")
	record(logs, "olga", "/third")
	written(t, logs)
	b.click("noscript a")
	b.hasURLs("/third", "/second", "/first")
	b.visit("/live?show=pages&username=olga")
	b.eventually("the static log, with the same filter", "location.pathname === '/userlog/static' && location.search === '?show=pages&username=olga'")
	b.hasURLs("/third", "/second", "/first")
	b.visit("/")
	b.saysThatItDoesNotRefresh("Sans JavaScript, cette page ne s’actualise pas toute seule. L’actualiser maintenant")
	b.visit("/live/everyone")
	b.eventually("the page of everyone says what it needs", "document.querySelector('main [role=alert]').offsetHeight > 0")
	b.connectsToNothing()
	b.visit("/static?username=olga")
	b.eventually("times are whole", wholeTimes)
	b.eventually("the sentence has a time, and no age", saysTime)
	b.click("header .account button")
	b.eventually("the login", "document.querySelector('#login')")
}

// saysThatItDoesNotRefresh waits until the page says so in these words, with a link that does.
func (b *tab) saysThatItDoesNotRefresh(words string) {
	b.t.Helper()
	b.shows("noscript p", words)
	b.connectsToNothing()
}

// connectsToNothing waits until the page neither says that it refreshes, nor that it is connecting.
func (b *tab) connectsToNothing() {
	b.t.Helper()
	b.eventually("no word of a connection", "![...document.querySelectorAll('#connection, .loading')].some(e => e.checkVisibility({ visibilityProperty: true }))")
}
