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
	languages  []Language
	matcher    language.Matcher
	links      Links
	catalogues []*catalogue           // English first
	pages      map[string]parsedPages // by language tag
}

// parsedPages returns each page of a language, parsed with the layout. The first call parses them.
type parsedPages func() (map[string]*template.Template, error)

// New reads the catalogues and parses the templates: those in English now, those in another language when its
// first reader comes. All of them are embedded, so an error means that the program was built wrongly. Tests
// check that every text is translated, and that every page can be rendered.
func New(assets *static.Assets, links Links) (*Set, error) {
	catalogues, err := loadCatalogues()
	if err != nil {
		return nil, err
	}
	s := &Set{links: links, catalogues: catalogues, pages: make(map[string]parsedPages)}
	var tags []language.Tag
	for _, c := range catalogues {
		s.pages[c.language.Tag] = sync.OnceValues(func() (map[string]*template.Template, error) {
			pages, err := parsePages(s, c, assets)
			if err != nil {
				return nil, fmt.Errorf("pages in %s: %w", c.language.Tag, err)
			}
			return pages, nil
		})
		s.languages = append(s.languages, c.language)
		tags = append(tags, language.Make(c.language.Tag))
	}
	s.matcher = language.NewMatcher(tags)
	_, err = s.pages[s.languages[0].Tag]()
	return s, err
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

// catalogue returns the texts of a language, or else of English.
func (s *Set) catalogue(lang string) *catalogue {
	for _, c := range s.catalogues {
		if c.language.Tag == lang {
			return c
		}
	}
	return s.catalogues[0]
}

// page renders a whole page.
func (s *Set) page(name, lang string, data any) ([]byte, error) {
	return s.render(name, "layout", lang, data)
}

// part renders a template that is not a page. Every page has all parts; the first page's are taken.
func (s *Set) part(name, lang string, data any) ([]byte, error) {
	return s.render(pageNames[0], name, lang, data)
}

func (s *Set) render(page, name, lang string, data any) ([]byte, error) {
	parsed, ok := s.pages[lang]
	if !ok {
		parsed = s.pages[s.languages[0].Tag]
	}
	pages, err := parsed()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := pages[page].ExecuteTemplate(&b, name, data); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	return readable(b.Bytes()), nil
}
