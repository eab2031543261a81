package e2e

import (
	"fmt"

	"github.com/chromedp/chromedp"
)

// isNarrow checks that the page does not scroll sideways: on the narrowest phone, and where a text of 200 %
// leaves half of an ordinary screen.
func (b *tab) isNarrow() {
	b.t.Helper()
	for _, width := range []int64{320, 640} {
		b.phone(width)
		b.fits(width)
	}
	b.do("become a computer again", chromedp.ResetViewport())
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
