package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestPhonesNeedNoSidewaysScrolling(t *testing.T) {
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	long := strings.Repeat("w", 200)
	record(logs, "ada", "/", "/"+long, "/search?q=one+two+three&colour=blue&sort=price")
	record(logs, long, "/help")
	for _, width := range []int64{390, 320} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			b := openTab(t, site.origin+"/userlog")
			b.phone(width)
			b.visit("/login")
			b.fits(width)
			b.logIn()
			for _, page := range []string{"/", "/static", "/live?username=ada", "/live?username=" + long, "/live/everyone"} {
				b.visit(page)
				if strings.HasPrefix(page, "/live") {
					b.isConnected("live")
				}
				b.fits(width)
			}
			b.visit("/static?username=ada")
			b.hasRows(3)
			b.fits(width)
		})
	}
}

// fits checks that the page is not wider than the screen, and names what sticks out.
func (b *tab) fits(width int64) {
	b.t.Helper()
	actual := evaluate[int64](b, "document.documentElement.scrollWidth")
	if actual <= width {
		return
	}
	wide := evaluate[string](b, fmt.Sprintf(`[...document.querySelectorAll('body *')]
		.filter(e => e.getBoundingClientRect().right > %d || e.getBoundingClientRect().left < 0).map(e => e.tagName + '.' + e.className).slice(0, 8).join(', ')`, width))
	b.t.Errorf("%s is %d pixels wide on a screen of %d: %s", b.location(), actual, width, wide)
}
