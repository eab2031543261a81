package e2e

import (
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestWithoutJavaScript(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	record(logs, "ada", "/first", "/second")
	b := openTab(t, site.origin+"/userlog")
	b.withoutJavaScript()
	b.logIn()
	b.visit("/")
	b.search("ada")
	b.hasURLs("/second", "/first")
	b.shows("#messages [role=status]", "Logs found for ada.")
	b.click("footer button[lang=fr]")
	b.shows("#messages [role=status]", "Journaux trouvés pour ada.")
	b.visit("/live?username=ada")
	b.eventually("the live log says what it needs", "document.querySelector('main [role=alert]').offsetHeight > 0")
	b.click("header .account button")
	b.eventually("the login", "document.querySelector('#login')")
}
