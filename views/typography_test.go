package views

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
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

var (
	isolated = regexp.MustCompile("\u2066[^\u2066\u2069]*\u2069")
	foreign  = regexp.MustCompile(`[!-~]*[A-Za-z][!-~]*`) // a word with Latin letters in it, and the signs that stand at it
	date     = regexp.MustCompile(`[0-9]+-[0-9]+`)
)

// Somebody who reads from right to left sees the signs at either end of a Latin word on its other side, such as "redis--" for "--redis",
// and the parts of a date in turn. What has such ends stands between U+2066 and U+2069.
func TestArabicKeepsSignsAtLatinWords(t *testing.T) {
	isSign := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	eachText(t, "ar", func(key, text string) {
		rest := parameter.ReplaceAllString(isolated.ReplaceAllString(text, ""), "")
		for _, word := range foreign.FindAllString(rest, -1) {
			// These belong to the sentence.
			word = strings.TrimRight(strings.TrimLeft(word, "("), ").:")
			if word != strings.TrimFunc(word, isSign) {
				t.Errorf("%s: %q is not isolated in %q", key, word, text)
			}
		}
		if found := date.FindString(rest); found != "" {
			t.Errorf("%s: %q is not isolated in %q", key, found, text)
		}
	})
}
