package e2e

import (
	"fmt"
	"testing"
)

// What the reader chooses goes before what the system says, on every page, and can be taken back.
func TestLightAndDarkCanBeChosen(t *testing.T) {
	t.Parallel()
	site, _ := shareSite(t)
	b := site.enter(t)
	is := func(scheme string) {
		t.Helper()
		limit := map[string]string{"light": "> 600", "dark": "< 150"}[scheme]
		b.eventually("the page is "+scheme, fmt.Sprintf(
			"document.readyState === 'complete' && getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((a, c) => a + Number(c), 0) %s", limit))
	}
	b.visit("/live?username=theo")
	b.wearing("light")
	is("light")
	b.click("footer form[action$='/theme'] button[value=dark]")
	is("dark")
	b.isAt("/live?username=theo")
	b.visit("/static")
	is("dark")
	b.wearing("dark")
	b.click("footer form[action$='/theme'] button[value=light]")
	is("light")
	b.click("footer form[action$='/theme'] button[value='']")
	is("dark")
	b.wearing("light")
	is("light")
}
