package e2e

import (
	"os"
	"sync"
	"testing"
)

// TestEveryPage looks at every page in its final form, from left to right and from right to left. The page is valid HTML. It
// fits a narrow screen with all its details open. axe-core finds nothing wrong with it, in one language: other words do not
// change the result, and the colors are the same in both directions. "make soak" looks at all languages.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	npmFile(t, nodeModules, "html-validate/package.json")
	axe := readAxe(t)
	var mu sync.Mutex
	var documents []document
	languages := []string{"en", "ar"}
	if os.Getenv("USERLOG_SOAK") == "1" {
		languages = append(languages, "fr", "de", "es")
	}
	shareGallery(t).visitAll(t, languages, func(b *tab, p place) {
		language := evaluate[string](b, "document.documentElement.lang")
		found := b.documents(p, language)
		mu.Lock()
		documents = append(documents, found...)
		mu.Unlock()
		b.unfold()
		switch language {
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
