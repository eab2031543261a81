package e2e

import "testing"

// TestEveryPage looks at every page in its final form, from left to right and from right to left: it is valid
// HTML, axe-core finds nothing wrong with it when all that can be opened is open, and it fits a narrow screen.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	npmFile(t, nodeModules, "html-validate/package.json")
	axe := readAxe(t)
	var documents []document
	openGallery(t).visitAll([]string{"en", "fr", "ar"}, func(b *tab, p place) {
		documents = append(documents, b.documents(p)...)
		b.unfold()
		b.isAccessible(axe)
		b.isNarrow()
	})
	if found := validate(t, documents); found != "" {
		t.Errorf("invalid HTML:\n%s", found)
	}
}
