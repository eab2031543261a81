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
	b.visit("/live?username=olga")
	b.eventually("the live log says what it needs", "document.querySelector('main [role=alert]').offsetHeight > 0")
	b.click("header .account button")
	b.eventually("the login", "document.querySelector('#login')")
}
