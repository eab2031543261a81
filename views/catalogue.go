package views

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

//go:embed locales/active.*.json
var locales embed.FS

// english is the language of terminals, and of readers whose languages the pages don't speak.
const english = "en"

// Language is one that the pages are translated to.
type Language struct {
	Tag  string // BCP 47, as in <html lang>: "en"
	Name string // what the language calls itself: "English"
}

// catalogue is the texts of one language. It is read-only once built.
type catalogue struct {
	language  Language
	tag       language.Tag
	texts     map[string]string // messages without parameters, resolved once: rows ask for them all the time
	patterns  map[string]string // messages with parameters that have one form: live logs ask for them all the time
	plural    map[string]bool   // of the messages with parameters: is there a form for each number?
	localizer *i18n.Localizer   // messages with parameters
	numbers   language.Tag      // how numbers are written
}

// embeddedLanguages lists the languages that there is a catalogue of, English first, which is what [Set.Match] falls back to.
func embeddedLanguages() ([]Language, error) {
	names, err := locales.ReadDir("locales")
	if err != nil {
		return nil, fmt.Errorf("read catalogues: %w", err)
	}
	var all []Language
	for _, name := range names {
		tag := strings.TrimSuffix(strings.TrimPrefix(name.Name(), "active."), ".json")
		l, err := embeddedLanguage(tag)
		if err != nil {
			return nil, err
		}
		if tag == english {
			all = slices.Insert(all, 0, l)
		} else {
			all = append(all, l)
		}
	}
	return all, nil
}

// embeddedLanguage asks a catalogue for the name of its language only, which takes a tenth of the time of reading all.
func embeddedLanguage(tag string) (Language, error) {
	var named struct {
		Name string `json:"language.name"`
	}
	source, err := locales.ReadFile(localePath(tag))
	if err == nil {
		err = json.Unmarshal(source, &named)
	}
	if err != nil {
		return Language{}, fmt.Errorf("read the name of language %s: %w", tag, err)
	}
	return Language{Tag: tag, Name: named.Name}, nil
}

func localePath(tag string) string { return "locales/active." + tag + ".json" }

// loadCatalogue reads the embedded catalogue of a language.
func loadCatalogue(l Language) (*catalogue, error) {
	tag, err := language.Parse(l.Tag)
	if err != nil {
		return nil, fmt.Errorf("read catalogue %s: %w", l.Tag, err)
	}
	bundle := i18n.NewBundle(tag)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	file, err := bundle.LoadMessageFileFS(locales, localePath(l.Tag))
	if err != nil {
		return nil, fmt.Errorf("read catalogue %s: %w", l.Tag, err)
	}
	return newCatalogue(l, bundle, file)
}

func newCatalogue(l Language, bundle *i18n.Bundle, file *i18n.MessageFile) (*catalogue, error) {
	numbers, err := file.Tag.SetTypeForKey("nu", "latn")
	if err != nil {
		return nil, fmt.Errorf("numbers in %s: %w", file.Tag, err)
	}
	c := &catalogue{
		language:  l,
		tag:       file.Tag,
		numbers:   numbers,
		texts:     make(map[string]string),
		patterns:  make(map[string]string),
		plural:    make(map[string]bool),
		localizer: i18n.NewLocalizer(bundle, file.Tag.String()),
	}
	for _, m := range file.Messages {
		if strings.Contains(m.Other, "{{") {
			c.plural[m.ID] = m.One != "" || m.Many != "" || m.Few != "" || m.Two != "" || m.Zero != ""
			if rest := strings.NewReplacer("{{.Name}}", "", "{{.Other}}", "", "{{.Span}}", "", "{{.Count}}", "").Replace(m.Other); !c.plural[m.ID] && !strings.Contains(rest, "{{") {
				c.patterns[m.ID] = m.Other
			}
		} else {
			c.texts[m.ID] = m.Other
		}
	}
	return c, nil
}

// direction is how the language is written, as dir="" says it.
func (c *catalogue) direction() string {
	script, _ := c.tag.Script()
	switch script.String() {
	case "Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm":
		return "rtl"
	}
	return "ltr"
}

// text returns a message without parameters.
func (c *catalogue) text(key string) (string, error) {
	text, ok := c.texts[key]
	if !ok {
		return "", fmt.Errorf("catalogue %s: no message %q without parameters", c.language.Tag, key)
	}
	return text, nil
}

// parameters are the values that stand in a message. {{.Count}} chooses the plural, too, and is written as the language writes
// numbers.
type parameters struct {
	Name, Other string
	Span        string // how long something has lasted, in words of ours
	Count       int
}

// localize returns a message with its parameters.
func (c *catalogue) localize(key string, p parameters) (string, error) {
	if text, ok := c.texts[key]; ok {
		return text, nil
	}
	count := c.number(p.Count)
	if pattern, ok := c.patterns[key]; ok {
		return strings.NewReplacer("{{.Count}}", count, "{{.Name}}", p.Name, "{{.Other}}", p.Other, "{{.Span}}", p.Span).Replace(pattern), nil
	}
	config := &i18n.LocalizeConfig{MessageID: key, TemplateData: struct{ Count, Name, Other, Span any }{count, p.Name, p.Other, p.Span}}
	if c.plural[key] {
		config.PluralCount = p.Count
	}
	text, err := c.localizer.Localize(config)
	if err != nil {
		return "", fmt.Errorf("catalogue %s: message %q: %w", c.language.Tag, key, err)
	}
	return text, nil
}

// named returns a message with {{.Name}} as plain text, for places that hold no markup.
func (c *catalogue) named(key, name string) (string, error) {
	return c.localize(key, parameters{Name: name})
}

// counted returns a message with {{.Count}}.
func (c *catalogue) counted(key string, count int) (string, error) {
	return c.localize(key, parameters{Count: count})
}

// number writes a number as the language does: 12,345 or 12 345. Digits are 0 to 9 everywhere, as
// browsers write times ago: two kinds on one page would be hard to read.
func (c *catalogue) number(n int) string {
	if 0 <= n && n < 1000 {
		return strconv.Itoa(n) // as every language writes it, and a hundred times as fast
	}
	return message.NewPrinter(c.numbers).Sprintf("%d", n)
}

// decimal writes a number as the language does, with at most one decimal place: 3.2 or 3,2.
func (c *catalogue) decimal(x float64) string {
	if whole := int(x); x == float64(whole) {
		return c.number(whole)
	}
	return message.NewPrinter(c.numbers).Sprint(number.Decimal(x, number.MaxFractionDigits(1)))
}

// isolated returns a message as HTML in which the name stands in <bdi>, so that a name written from
// right to left leaves the sentence around it alone.
func (c *catalogue) isolated(key, name string) (template.HTML, error) {
	return c.isolate(key, parameters{Name: name})
}

// isolate is isolated for a message with any parameters.
func (c *catalogue) isolate(key string, p parameters) (template.HTML, error) {
	text, err := c.quoting(key, p, template.HTMLEscapeString, func(name string) string {
		return "<bdi>" + template.HTMLEscapeString(name) + "</bdi>"
	})
	return template.HTML(text), err
}

// quoting returns a message of which our words are escaped, and those of others quoted.
func (c *catalogue) quoting(key string, p parameters, escape, quote func(string) string) (string, error) {
	// Private-use characters mark the places until the sentence has been escaped.
	const name, other = "\uE000", "\uE001"
	text, err := c.localize(key, parameters{Name: name, Other: other, Span: p.Span, Count: p.Count})
	if err != nil {
		return "", err
	}
	return strings.NewReplacer(name, quote(p.Name), other, quote(p.Other)).Replace(escape(text)), nil
}
