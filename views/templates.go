package views

import (
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/gin-userlog/userlog/static"
)

//go:embed templates/*.html
var templates embed.FS

// pageNames are the templates that are parsed with the layout. All others are parts, which any page may include.
var pageNames = [...]string{
	"login", "home", "static", "live", "reason", "audit", "error", "accounts", "link", "password", "account", "token", "recording", "rules", "proof", "health", "second", "app", "codes", "note",
}

// parsePages parses layout and parts once, and each page into a clone of them when it is first asked for: all clones together are
// two thirds of what an idle program keeps in memory.
func parsePages(s *Set, c *catalogue, assets *static.Assets) (map[string]func() (*template.Template, error), error) {
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
	pages := make(map[string]func() (*template.Template, error))
	for _, name := range pageNames {
		pages[name] = sync.OnceValues(func() (*template.Template, error) {
			page, err := common.Clone()
			if err != nil {
				return nil, err
			}
			return page, parse(page, c, "templates/"+name+".html")
		})
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
		"user":     c.user,
		// In a sentence, without a note.
		"shown":     c.shown,
		"helped":    c.helped,
		"lookalike": lookalike,
		"counted":   c.counted,
		"number":    c.number,
		"span":      c.span,
		"message":   c.message,
		"finding":   c.finding,
		"rule":      c.rule,
		"steps": func(rows []stepRow) (template.HTML, error) {
			return newMarkup(c, len(rows)*rowSize).steps(rows).template()
		},
		"now":         func(n nowLine) (template.HTML, error) { return newMarkup(c, nowSize).now(n).template() },
		"direction":   c.direction,
		"languages":   s.Languages,
		"themes":      themeChoices,
		"colorScheme": colorScheme,
		"link":        link,
		"rowID":       rowID,
		"headers":     headers,
		// The base comes from the layout, so every page finds its files under any prefix.
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

// rowID is the id of a user's row in a list. A username may have blanks, which no id has.
func rowID(list, username string) string {
	return list + "-" + base64.RawURLEncoding.EncodeToString([]byte(username))
}

// headers is the value of hx-headers that makes a refresh conditional.
func headers(etag string) (string, error) {
	b, err := json.Marshal(struct {
		IfNoneMatch string `json:"If-None-Match"`
	}{etag})
	return string(b), err
}
