// Package views turns typed values into the admin's pages, in every language, and into fragments of them. Pages are made by
// html/template, and rows of a log are written in Go.
//
// The package reads no request, and knows no address but the admin's own. It renders into memory and returns
// bytes, so a handler can still answer with an error.
//
// Views promises nothing to hosts. It is not below internal/ because the top level of the repository shows
// all packages of the admin. Its names may change in any release.
package views

import (
	"bytes"
	"fmt"
	"html/template"
	"slices"
	"sync"

	"golang.org/x/text/language"

	"github.com/gin-userlog/userlog/static"
)

// Set is every page in every language. It is safe for concurrent use.
type Set struct {
	languages    []Language // English first
	matcher      language.Matcher
	links        Links
	assets       *static.Assets
	english      *translation
	translations map[string]func() (*translation, error) // by language tag; the first call makes it
}

// translation is the texts and the pages of one language.
type translation struct {
	catalogue *catalogue
	pages     map[string]func() (*template.Template, error) // the first call parses a page, with the layout
}

// New reads the texts in English now, and those in another language when its first reader comes, as each page. Catalogues
// and templates are embedded, so an error means that the program was built wrongly. Tests
// check that every text is translated, and that every page can be rendered.
func New(assets *static.Assets, links Links) (*Set, error) {
	languages, err := embeddedLanguages()
	if err != nil {
		return nil, err
	}
	s := &Set{languages: languages, links: links, assets: assets, translations: make(map[string]func() (*translation, error))}
	var tags []language.Tag
	for _, l := range languages {
		tags = append(tags, language.Make(l.Tag))
		s.translations[l.Tag] = sync.OnceValues(func() (*translation, error) { return s.translate(l) })
	}
	s.matcher = language.NewMatcher(tags)
	s.english, err = s.translations[english]()
	return s, err
}

func (s *Set) translate(l Language) (*translation, error) {
	c, err := loadCatalogue(l)
	if err != nil {
		return nil, err
	}
	pages, err := parsePages(s, c, s.assets)
	if err != nil {
		return nil, fmt.Errorf("pages in %s: %w", l.Tag, err)
	}
	return &translation{c, pages}, nil
}

// Languages lists the languages of the pages, English first.
func (s *Set) Languages() []Language { return slices.Clone(s.languages) }

// Match returns the tag of the language that suits best. Each wish is a tag, or a list in the form of
// Accept-Language. Earlier wishes go before later ones. A wish that can't be read, or for a language that the
// pages are not translated to, is passed over. Without any other wish the language is English.
func (s *Set) Match(wishes ...string) string {
	for _, wish := range wishes {
		tags, _, err := language.ParseAcceptLanguage(wish)
		if err != nil || len(tags) == 0 {
			continue
		}
		if _, i, confidence := s.matcher.Match(tags...); confidence > language.No {
			return s.languages[i].Tag
		}
	}
	return s.languages[0].Tag
}

// in returns the translation to a language, or else English.
func (s *Set) in(lang string) *translation {
	if translate, ok := s.translations[lang]; ok {
		if t, err := translate(); err == nil { // tests translate to all
			return t
		}
	}
	return s.english
}

func (s *Set) catalogue(lang string) *catalogue { return s.in(lang).catalogue }

// page renders a whole page.
func (s *Set) page(name, lang string, data any) ([]byte, error) {
	return s.render(name, "layout", lang, data)
}

// part renders a template that is not a page. Every page has all parts; the first page's are taken.
func (s *Set) part(name, lang string, data any) ([]byte, error) {
	return s.render(pageNames[0], name, lang, data)
}

func (s *Set) render(page, name, lang string, data any) ([]byte, error) {
	parsed, err := s.in(lang).pages[page]()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := parsed.ExecuteTemplate(&b, name, data); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	return readable(b.Bytes()), nil
}
