package views

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// placeholders are the parameters of a message, in the order in which they would be filled in.
func placeholders(c *catalogue, key string) string {
	text, err := c.localize(key, 7, "\x00name")
	if err != nil {
		return err.Error()
	}
	var found []string
	if strings.Contains(text, "\x00name") {
		found = append(found, "Name")
	}
	if strings.Contains(text, "7") {
		found = append(found, "Count")
	}
	return strings.Join(found, " ")
}

func TestCataloguesAreCompleteAndAlike(t *testing.T) {
	catalogues, err := loadCatalogues()
	if err != nil {
		t.Fatal(err)
	}
	if len(catalogues) != 2 || catalogues[0].language != (Language{"en", "English"}) || catalogues[1].language != (Language{"fr", "Français"}) {
		t.Fatalf("catalogues of %d languages, the first is %v", len(catalogues), catalogues[0].language)
	}
	needed, err := neededKeys()
	if err != nil {
		t.Fatal(err)
	}
	english := catalogues[0]
	for _, c := range catalogues {
		has := slices.Sorted(slices.Values(c.keys()))
		for _, key := range needed {
			if _, found := slices.BinarySearch(has, key); !found {
				t.Errorf("%s: %s is missing", c.language.Tag, key)
			}
		}
		for _, key := range has {
			if _, found := slices.BinarySearch(needed, key); !found {
				t.Errorf("%s: %s is never used", c.language.Tag, key)
			}
			if got, want := placeholders(c, key), placeholders(english, key); got != want {
				t.Errorf("%s: %s has the parameters %q, in English %q", c.language.Tag, key, got, want)
			}
		}
		for key, text := range maps.All(c.texts) {
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s: %s is empty", c.language.Tag, key)
			}
		}
	}
}

func TestPluralsOfEachLanguage(t *testing.T) {
	catalogues, err := loadCatalogues()
	if err != nil {
		t.Fatal(err)
	}
	// In French, but not in English, zero is singular.
	for _, c := range catalogues {
		one := map[int]bool{0: c.language.Tag == "fr", 1: true, 2: false, 21: false}
		for count, singular := range one {
			text, err := c.localize("message.too-many-attempts-minutes", count, "")
			if err != nil || strings.HasSuffix(text, "minute.") != singular {
				t.Errorf("%s, %d: %q, %v", c.language.Tag, count, text, err)
			}
		}
	}
}

func TestMissingMessageIsAnErrorAndNotEnglish(t *testing.T) {
	bundle := i18n.NewBundle(language.English)
	bundle.MustAddMessages(language.English, &i18n.Message{ID: "hello", Other: "Hello {{.Name}}"})
	bundle.MustAddMessages(language.French, &i18n.Message{ID: "bye", Other: "Au revoir {{.Name}}"})
	french := newCatalogue(bundle, &i18n.MessageFile{Tag: language.French})
	if text, err := french.named("bye", "ada"); err != nil || text != "Au revoir ada" {
		t.Errorf("%q, %v", text, err)
	}
	if text, err := french.named("hello", "ada"); err == nil {
		t.Errorf("what French lacks is %q", text)
	}
	if text, err := french.text("hello"); err == nil {
		t.Errorf("what French lacks is %q", text)
	}
}

func TestTextsOfCataloguesAreNotMarkup(t *testing.T) {
	c := &catalogue{texts: map[string]string{"k": "1 < 2 & \uE000"}}
	if got, err := c.isolated("k", "<ada>"); err != nil || got != "1 &lt; 2 &amp; <bdi>&lt;ada&gt;</bdi>" {
		t.Errorf("%q, %v", got, err)
	}
}
