package views

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// forms are the texts of one message: "other" alone, or one for each plural.
type forms map[string]string

// readForms reads a catalogue as its file has it, which go-i18n does not tell.
func readForms(t *testing.T, tag string) map[string]forms {
	t.Helper()
	source, err := locales.ReadFile("locales/active." + tag + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var messages map[string]any
	if err := json.Unmarshal(source, &messages); err != nil {
		t.Fatal(err)
	}
	all := map[string]forms{}
	for key, message := range messages {
		all[key] = forms{}
		switch m := message.(type) {
		case string:
			all[key]["other"] = m
		case map[string]any:
			for form, text := range m {
				all[key][form], _ = text.(string)
			}
		}
	}
	return all
}

// allCatalogues reads those of all languages, English first.
func allCatalogues(t testing.TB) []*catalogue {
	t.Helper()
	languages, err := embeddedLanguages()
	if err != nil {
		t.Fatal(err)
	}
	var all []*catalogue
	for _, l := range languages {
		c, err := loadCatalogue(l)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// parameter is what is filled in: by the server, or in braces of its own by a script.
var parameter = regexp.MustCompile(`\{\{\.\w+\}\}|\{\w+\}`)

// parametersIn are those of a text, sorted.
func parametersIn(text string) string {
	found := parameter.FindAllString(text, -1)
	slices.Sort(found)
	return strings.Join(found, " ")
}

func TestCataloguesAreCompleteAndAlike(t *testing.T) {
	catalogues := allCatalogues(t)
	needed := neededKeys(t)
	english := readForms(t, "en")
	for _, c := range catalogues {
		tag, has := c.language.Tag, readForms(t, c.language.Tag)
		for _, key := range needed {
			if has[key] == nil {
				t.Errorf("%s: %s is missing", tag, key)
			}
		}
		for key, texts := range has {
			if !slices.Contains(needed, key) {
				t.Errorf("%s: %s is never used", tag, key)
			}
			if got, want := parametersIn(texts["other"]), parametersIn(english[key]["other"]); got != want {
				t.Errorf("%s: %s has the parameters %q, in English %q", tag, key, got, want)
			}
			for form, text := range texts {
				if strings.TrimSpace(text) == "" {
					t.Errorf("%s: %s is empty", tag, key)
				}
				got, want := parametersIn(text), parametersIn(texts["other"])
				if form == "zero" || form == "one" || form == "two" {
					// Where a form is for one number, words may say it: "one minute".
					got, want = strings.TrimSpace(strings.ReplaceAll(got, "{{.Count}}", "")), strings.TrimSpace(strings.ReplaceAll(want, "{{.Count}}", ""))
				}
				if got != want {
					t.Errorf("%s: the form %s of %s has the parameters %q, want %q", tag, form, key, got, want)
				}
			}
		}
	}
}

// pluralsOf are the forms that a language has of whole numbers, as go-i18n chooses among them: its
// tables are newer than those of x/text.
func pluralsOf(t *testing.T, tag language.Tag) []string {
	t.Helper()
	bundle := i18n.NewBundle(tag)
	bundle.MustAddMessages(tag, &i18n.Message{ID: "form", Zero: "zero", One: "one", Two: "two", Few: "few", Many: "many", Other: "other"})
	localizer := i18n.NewLocalizer(bundle, tag.String())
	var found []string
	for _, n := range append(upTo(200), 1_000_000) {
		form, err := localizer.Localize(&i18n.LocalizeConfig{MessageID: "form", PluralCount: n})
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, form)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// upTo are the numbers from 0 to n.
func upTo(n int) []int {
	numbers := make([]int, n+1)
	for i := range numbers {
		numbers[i] = i
	}
	return numbers
}

func TestPluralsAreThoseOfTheLanguage(t *testing.T) {
	catalogues := allCatalogues(t)
	for _, c := range catalogues {
		want := pluralsOf(t, c.tag)
		for key, texts := range readForms(t, c.language.Tag) {
			if got := slices.Sorted(maps.Keys(texts)); len(got) > 1 && !slices.Equal(got, want) {
				t.Errorf("%s: %s has the forms %v, the language has %v", c.language.Tag, key, got, want)
			}
		}
	}
}

func TestNumbersChooseTheirPlural(t *testing.T) {
	catalogues := allCatalogues(t)
	want := map[string]map[int]string{
		"en": {0: "0 days", 1: "1 day", 2: "2 days"},
		"fr": {0: "0 jour", 1: "1 jour", 2: "2 jours", 1000000: "1 000 000 de jours"},
		"de": {0: "0 Tage", 1: "1 Tag", 12345: "12.345 Tage"},
		"es": {1: "1 día", 2: "2 días", 1000000: "1.000.000 de días"},
		"ar": {0: "لا أيام", 1: "يوم واحد", 2: "يومان", 3: "3 أيام", 11: "11 يومًا", 100: "100 يوم", 1103: "1,103 أيام"},
	}
	for _, c := range catalogues {
		for n, text := range want[c.language.Tag] {
			got, err := c.counted("account.days", n)
			if got = strings.ReplaceAll(got, "\u00a0", " "); err != nil || got != text {
				t.Errorf("%s, %d: %q, %v, want %q", c.language.Tag, n, got, err, text)
			}
		}
		if want[c.language.Tag] == nil {
			t.Errorf("%s: there are no examples of its plurals here", c.language.Tag)
		}
	}
}

func TestEnglishIsFirstAndDirectionsAreKnown(t *testing.T) {
	catalogues := allCatalogues(t)
	var all []string
	for _, c := range catalogues {
		all = append(all, c.language.Tag+" "+c.language.Name+" "+c.direction())
	}
	if want := "en English ltr, ar العربية rtl, de Deutsch ltr, es Español ltr, fr Français ltr"; strings.Join(all, ", ") != want {
		t.Errorf("%s, want %s", strings.Join(all, ", "), want)
	}
}

func TestMissingMessageIsAnErrorAndNotEnglish(t *testing.T) {
	bundle := i18n.NewBundle(language.English)
	bundle.MustAddMessages(language.English, &i18n.Message{ID: "hello", Other: "Hello {{.Name}}"})
	bundle.MustAddMessages(language.French, &i18n.Message{ID: "bye", Other: "Au revoir {{.Name}}"})
	french, err := newCatalogue(Language{Tag: "fr"}, bundle, &i18n.MessageFile{Tag: language.French})
	if err != nil {
		t.Fatal(err)
	}
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
