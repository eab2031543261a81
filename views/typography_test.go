package views

import (
	"regexp"
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

// breaking is an ordinary space where French has one at which no line breaks: before some signs, within quotes, and in numbers.
var breaking = regexp.MustCompile(`« | [:;?!»%]|[0-9] [0-9]{3}`)

// No line of French begins with a sign, or with the rest of a number.
func TestFrenchDoesNotBreakBeforeSigns(t *testing.T) {
	eachText(t, "fr", func(key, text string) {
		if found := breaking.FindString(text); found != "" {
			t.Errorf("%s has an ordinary space in %q, and not U+00A0: %q", key, found, text)
		}
	})
}
