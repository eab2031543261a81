package e2e

import (
	"net/url"
	"slices"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// Texts that would do something if a page took them for HTML, a URL or a script.
var hostile = []string{
	`/<img src=x onerror=alert(1)>`,
	`/"><script>alert(1)</script>`,
	`/' onmouseover='alert(1)`,
	`javascript:alert(1)`,
	`/</code></td></tr></table><svg onload=alert(1)>`,
	`/</hx-partial><hx-partial hx-target="body" hx-swap="innerHTML"><p>gone</p></hx-partial>`,
	`/{{.}}${alert(1)}`,
	`/&lt;b&gt;&amp;`,
}

func TestLoggedTextIsShownAsText(t *testing.T) {
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	b := openTab(t, site.origin+"/userlog")
	b.logIn()

	newestFirst := slices.Clone(hostile)
	slices.Reverse(newestFirst)
	record(logs, "ada", hostile...)
	for _, page := range []string{"/static?username=ada", "/live?username=ada"} {
		b.visit(page)
		b.hasURLs(newestFirst...)
		b.hasNothingForeign()
	}

	b.visit("/live/everyone")
	b.isConnected("live")
	record(logs, "grace", hostile...)
	b.hasRows(2 * len(hostile))
	b.hasNothingForeign()
}

func TestUsernamesAreShownAsText(t *testing.T) {
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	b := openTab(t, site.origin+"/userlog")
	b.logIn()
	for _, name := range hostile {
		record(logs, name, "/")
	}
	b.visit("/")
	b.eventually("all are listed", "document.querySelectorAll('#seen tbody tr').length === 8")
	b.hasNothingForeign()
	b.visit("/live/everyone")
	b.hasRows(len(hostile))
	b.hasNothingForeign()
	for _, name := range hostile {
		query := "?" + url.Values{"username": {name}}.Encode()
		b.visit("/live" + query)
		b.isConnected("live")
		b.hasURLs("/")
		b.shows("h1", "Live log of "+name)
		b.visit("/static" + query)
		b.shows("#messages [role=status]", "Logs found for "+name+".")
		b.hasNothingForeign()
	}
}

// hasNothingForeign checks that nothing on the page was made by a logged text.
func (b *tab) hasNothingForeign() {
	b.t.Helper()
	const ours = "img:not(.brand img), svg, script:not([src]), main script, main p:not([class], [id]) b"
	if foreign := evaluate[string](b, "[...document.querySelectorAll('"+ours+"')].map(e => e.outerHTML).join()"); foreign != "" {
		b.t.Errorf("logged text became part of the page: %s", foreign)
	}
}
