package views

import (
	"strings"
	"testing"
)

// eachText calls f with every form of every message of a language.
func eachText(t *testing.T, tag string, f func(key, text string)) {
	t.Helper()
	for key, texts := range readForms(t, tag) {
		for _, text := range texts {
			f(key, text)
		}
	}
}

// Apostrophes are of one kind, so that whoever searches a page for "can’t" finds each.
func TestApostrophesAreTypographic(t *testing.T) {
	for _, c := range allCatalogues(t) {
		eachText(t, c.language.Tag, func(key, text string) {
			if strings.Contains(text, "'") {
				t.Errorf("%s: %s has a straight apostrophe: %q", c.language.Tag, key, text)
			}
		})
	}
}
