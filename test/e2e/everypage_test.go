package e2e

import "testing"

// TestEveryPage looks at every page in its final form, from left to right and from right to left: it is valid
// HTML, it fits a narrow screen when all that can be opened is open, and axe-core finds nothing wrong with it. What
// axe-core looks at, other words don't change, and the colors are the same in both directions.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	npmFile(t, nodeModules, "html-validate/package.json")
	axe := readAxe(t)
	var documents []document
	openGallery(t).visitAll([]string{"en", "fr", "ar"}, func(b *tab, p place) {
		documents = append(documents, b.documents(p)...)
		b.unfold()
		switch evaluate[string](b, "document.documentElement.lang") {
		case "en":
			b.isAccessible(axe, "light", everyRule)
			b.isAccessible(axe, "dark", rulesOfColor)
		case "ar":
			b.isAccessible(axe, "light", everyRule)
		}
		b.isNarrow()
	})
	if found := validate(t, documents); found != "" {
		t.Errorf("invalid HTML:\n%s", found)
	}
}
