// Package views turns typed values into the admin's pages and the pieces of them that travel alone:
// html/template pages in every language, rows of the log, which are written in Go, and messages.
//
// It reads no request and knows no route but the admin's own, which it links to. Everything is
// rendered into memory and returned, so that a handler can still answer with an error.
package views

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/static"
	"github.com/gin-userlog/userlog/store"
)

//go:embed templates/*.html
var templates embed.FS

// pageNames are the templates that are parsed with the layout; all others are parts that any page
// may include.
var pageNames = [...]string{
	"login", "home", "static", "live", "reason", "audit", "error", "accounts", "link", "password", "account", "token",
}

// Set is every page in every language. It is safe for concurrent use.
type Set struct {
	languages  []Language
	matcher    language.Matcher
	links      Links
	catalogues []*catalogue           // English first
	pages      map[string]parsedPages // by language tag
}

// parsedPages returns each page of a language, parsed with the layout: at the first call they are parsed.
type parsedPages func() (map[string]*template.Template, error)

// New parses every template; in languages other than English, when the first reader wants it. A template
// that is missing or broken, a text that a catalogue lacks, and an asset that does not exist are errors
// here and not on some later day.
func New(assets *static.Assets, links Links) (*Set, error) {
	catalogues, err := loadCatalogues()
	if err != nil {
		return nil, err
	}
	keys, err := neededKeys()
	if err != nil {
		return nil, err
	}
	s := &Set{links: links, pages: make(map[string]parsedPages)}
	var tags []language.Tag
	for _, c := range catalogues {
		has := c.keys()
		for _, key := range keys {
			if !slices.Contains(has, key) {
				return nil, fmt.Errorf("catalogue %s: no message %q", c.language.Tag, key)
			}
		}
		s.pages[c.language.Tag] = sync.OnceValues(func() (map[string]*template.Template, error) {
			pages, err := parsePages(s, c, assets)
			if err != nil {
				return nil, fmt.Errorf("pages in %s: %w", c.language.Tag, err)
			}
			return pages, nil
		})
		s.catalogues = append(s.catalogues, c)
		s.languages = append(s.languages, c.language)
		tags = append(tags, language.Make(c.language.Tag))
	}
	s.matcher = language.NewMatcher(tags)
	return s, s.try(s.languages[0])
}

// try renders every page once in a language: html/template checks a template's escaping, and looks for
// the templates it includes, only when it is first used. What is wrong with a page in one language and
// not in another is its texts, which are checked for all.
func (s *Set) try(l Language) error {
	layout := Layout{Lang: l.Tag, Current: "/", Account: "a", CanLogOut: true, CanSwitchLanguage: true}
	render := []func() ([]byte, error){
		func() ([]byte, error) { return s.Login(Login{Layout: layout}) },
		func() ([]byte, error) {
			return s.Home(Home{
				Layout: layout, Users: []store.Seen{{}}, Troubled: []store.Trouble{{At: time.Now()}}, Refresh: 1,
				Applications: []store.Application{{Stats: store.Stats{Indeterminate: 1}}, {}},
			})
		},
		func() ([]byte, error) {
			return s.Static(Log{Layout: layout, Username: "a", Refresh: 1, Entries: []store.Entry{{}}})
		},
		func() ([]byte, error) { return s.StepRow(l.Tag, tried()) },
		func() ([]byte, error) {
			return s.Now(l.Tag, Now{Where: journey.Now{Since: time.Now(), Problem: &journey.Problem{}}, Hints: []journey.Hint{{Kind: journey.HintLogin}}})
		},
		func() ([]byte, error) { return s.Live(Live{Layout: layout, Username: "a", SocketURL: "/"}) },
		func() ([]byte, error) {
			return s.Live(Live{Layout: layout, Everyone: true, SocketURL: "/", Reason: &ReasonLeft{}})
		},
		func() ([]byte, error) { return s.Reason(Reason{Layout: layout, Username: "a"}) },
		func() ([]byte, error) {
			return s.Audit(Audit{Layout: layout, Older: 1, Records: []audit.Record{{Action: audit.ViewEnded, Actor: "a", Subject: "a", Reason: "a", Began: 1}}})
		},
		func() ([]byte, error) { return s.Error(Error{Layout: layout}) },
		func() ([]byte, error) {
			return s.Accounts(Accounts{Layout: layout, OwnLogin: true, Accounts: []auth.Account{{Name: "a", Role: auth.Viewer}}})
		},
		func() ([]byte, error) { return s.Link(Link{Layout: layout}) },
		func() ([]byte, error) { return s.Password(Password{Layout: layout}) },
		func() ([]byte, error) {
			return s.Account(Account{
				Layout: layout, Role: auth.Viewer, OwnLogin: true, HasTokens: true,
				Sessions: []auth.Session{{}}, Tokens: []auth.Token{{}},
			})
		},
		func() ([]byte, error) { return s.Token(Token{Layout: layout}) },
		func() ([]byte, error) { return s.GapRow(l.Tag, true) },
		func() ([]byte, error) { return s.OmittedRow(l.Tag, true, 1) },
		func() ([]byte, error) { return s.Suggestions(Suggestions{Lang: l.Tag, Users: []store.Seen{{}}}) },
		func() ([]byte, error) { return s.Messages(l.Tag, StoreLost()) },
	}
	for _, f := range render {
		if _, err := f(); err != nil {
			return fmt.Errorf("try the pages in %s: %w", l.Tag, err)
		}
	}
	return nil
}

// tried is a step with everything that a step can have.
func tried() *journey.Step {
	e := store.Entry{Code: 500, Page: "a", From: "/", Route: "/", RequestID: "a", Duration: 1, Extra: map[string]string{"a": "b"}}
	return &journey.Step{
		Entry: e, Redirects: []store.Entry{e}, Parts: []journey.Part{{Entry: e, Count: 2, Poll: true}}, Omitted: 1, Problems: 1,
	}
}

// Languages lists what the pages are translated to, English first.
func (s *Set) Languages() []Language { return slices.Clone(s.languages) }

// Match returns the tag of the language that suits best. Each argument is a tag or a list in the
// form of Accept-Language; earlier arguments go before later ones, and those that can't be read or
// are not spoken here are passed over. Without any, it is English.
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

// page renders a whole page.
func (s *Set) page(name, lang string, data any) ([]byte, error) {
	return s.render(name, "layout", lang, data)
}

// part renders a template that is not a page. Every page has them all; the first page's are taken.
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

// readable replaces what is no text and strangers may have typed, so that a page is UTF-8 whoever reads
// it: bytes that are none, and controls, which a terminal obeys.
func readable(html []byte) []byte {
	if isPlain(html) || utf8.Valid(html) && !bytes.ContainsFunc(html, isObeyed) {
		return html
	}
	return bytes.Map(func(r rune) rune {
		if isObeyed(r) {
			return utf8.RuneError
		}
		return r // which is RuneError for a byte that is no UTF-8
	}, html)
}

// isPlain recognises at once what most pieces are: printable ASCII.
func isPlain(html []byte) bool {
	for _, c := range html {
		if c != '\n' && c != '\t' && (c < ' ' || c > '~') {
			return false
		}
	}
	return true
}

func isObeyed(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' }

// parsePages parses layout and parts once, and each page into a clone of them.
func parsePages(s *Set, c *catalogue, assets *static.Assets) (map[string]*template.Template, error) {
	common := template.New("").Funcs(functions(s, c, assets))
	parts, err := fs.Glob(templates, "templates/part_*.html")
	if err != nil {
		return nil, err
	}
	for _, file := range append(parts, "templates/layout.html") {
		if err := parse(common, c, file); err != nil {
			return nil, err
		}
	}
	pages := make(map[string]*template.Template)
	for _, name := range pageNames {
		page, err := common.Clone()
		if err != nil {
			return nil, err
		}
		if err := parse(page, c, "templates/"+name+".html"); err != nil {
			return nil, err
		}
		pages[name] = page
	}
	return pages, nil
}

// fixed finds the texts that a template asks for by name and nothing else. They stand where HTML is text,
// or between the quotes of an attribute.
var fixed = regexp.MustCompile(`{{t "([^"]+)"}}`)

// parse adds the templates of a file to t. Its fixed texts are put in place now: a page has dozens, and to
// call for each takes a sixth of the time of a page without rows.
func parse(t *template.Template, c *catalogue, file string) error {
	source, err := templates.ReadFile(file)
	if err != nil {
		return err
	}
	source = fixed.ReplaceAllFunc(source, func(action []byte) []byte {
		text, ok := c.texts[string(fixed.FindSubmatch(action)[1])]
		if !ok || strings.Contains(text, "{{") {
			return action // fails when it is used
		}
		return []byte(template.HTMLEscapeString(text))
	})
	if _, err := t.New(path.Base(file)).Parse(string(source)); err != nil {
		return fmt.Errorf("parse %s: %w", file, err)
	}
	return nil
}

// functions are what templates can call, bound to one language.
func functions(s *Set, c *catalogue, assets *static.Assets) template.FuncMap {
	return template.FuncMap{
		"t":        c.text,
		"named":    c.named,
		"isolated": c.isolated,
		"counted":  c.counted,
		"number":   c.number,
		"span":     c.span,
		"message":  c.message,
		"steps": func(rows []stepRow) (template.HTML, error) {
			return newMarkup(c, len(rows)*rowSize).steps(rows).template()
		},
		"now":       func(n nowLine) (template.HTML, error) { return newMarkup(c, nowSize).now(n).template() },
		"direction": c.direction,
		"next":      c.next,
		"languages": s.Languages,
		"link":      link,
		"headers":   headers,
		// Asked for with the layout's base, so that every page finds its files under any prefix.
		"asset": func(base, name string) (string, error) {
			url, err := assets.URL(name)
			return base + "/" + url, err
		},
	}
}

// link builds the URL of a page of the admin that is about one user.
func link(base, page, username string) string {
	if username == "" {
		return base + page
	}
	return base + page + "?" + url.Values{"username": {username}}.Encode()
}

// headers is the value of hx-headers that makes a refresh conditional.
func headers(etag string) (string, error) {
	b, err := json.Marshal(struct {
		IfNoneMatch string `json:"If-None-Match"`
	}{etag})
	return string(b), err
}

// asksFor finds the texts that a template asks for by name.
var asksFor = regexp.MustCompile(`\b(?:t|named|isolated|counted) "([^"]+)"`)

// neededKeys lists every key that templates, rows and messages ask catalogues for.
func neededKeys() ([]string, error) {
	keys := append(entryKeys(), messageKeys()...)
	keys = append(keys, errorKeys()...)
	keys = append(keys, applicationKeys()...)
	keys = append(keys, spanKeys()...)
	keys = append(keys, presenceKeys()...)
	keys = append(keys, troubleKeys()...)
	keys = append(keys, problemKeys()...)
	keys = append(keys, readingKeys()...)
	keys = append(keys, auditKeys()...)
	keys = append(keys, accountKeys()...)
	keys = append(keys, markupKeys()...)
	keys = append(keys, "language.name")
	names, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		source, err := templates.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read template %s: %w", strings.TrimSuffix(path.Base(name), ".html"), err)
		}
		for _, found := range asksFor.FindAllSubmatch(source, -1) {
			keys = append(keys, string(found[1]))
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys), nil
}
