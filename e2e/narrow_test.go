package e2e

import "testing"

// TestEveryPageFits checks that no page scrolls sideways: on the narrowest phone, and where a text of
// 200 % leaves half of an ordinary screen.
func TestEveryPageFits(t *testing.T) {
	t.Parallel()
	openGallery(t).visitAll([]string{"en", "ar"}, func(b *tab, p place) {
		evaluate[bool](b, "(document.querySelectorAll('details').forEach(d => d.open = true), true)")
		for _, width := range []int64{320, 640} {
			b.phone(width)
			b.fits(width)
		}
	})
}
