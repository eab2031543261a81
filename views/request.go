package views

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-userlog/userlog/internal/printable"
	"github.com/gin-userlog/userlog/store"
)

// request is one request as it is written.
type request struct {
	When    moment
	Method  string
	URL     string // as it can be shown and copied
	TypeKey string // the catalogue's, of what kind of request it was
	Result  result
	Actor   actor
}

// actor is a person who acted in a user's place. The zero actor is nobody.
type actor struct{ Name, User string }

// actedKey is the catalogue's key of who acted, and in whose place.
const actedKey = "request.acted"

func actorOf(e *store.Entry) actor {
	if e.Actor == "" {
		return actor{}
	}
	return actor{printable.Name(e.Actor), printable.Name(e.Username)}
}

func newRequest(e *store.Entry) request {
	return request{
		When: momentOf(e.Time), Method: e.Method, URL: visible(e.Path), TypeKey: typeKey(e.Method),
		Result: resultOf(e), Actor: actorOf(e),
	}
}

// row is a request of everyone's log, as it is written.
type row struct {
	Request        request
	ID, DOMID      string
	Base, Username string
	Page           string
	Same           string // alike in rows that a page shows as one with their number
	Repeats        int    // how often the same was recorded, if it was more than once
	WithUser       bool
}

func newRow(e *store.Entry, base string, withUser bool) row {
	return row{
		Request: newRequest(e), ID: e.ID, DOMID: domID("entry", e.ID), Base: base, Username: e.Username, Page: e.Page,
		Same: e.Username + " " + sameAs(e), Repeats: e.Repeats, WithUser: withUser,
	}
}

// domID is an id for the element of a row. Ids of entries come from the wire and may be anything; an
// HTML id has no spaces.
func domID(prefix, id string) string { return prefix + "-" + url.PathEscape(id) }

// columns tells the templates that span or head the table whether there is a user column.
type columns bool

// Count is how many columns the table has: one for the user, or else one for details.
func (c columns) Count() int { return 5 }

// omitted is how many requests a row stands for.
type omitted struct {
	columns
	Requests int
}

// readKey is the catalogue's key for requests that only read.
const readKey = "type.read"

// typeKey is the catalogue's key for what kind of request a method makes.
func typeKey(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead:
		return readKey
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		return "type.write"
	}
	return "type.other"
}

// Words are the words of the table, for a terminal: in English.
type Words struct{ catalogue *catalogue }

// NewWords reads the English catalogue. It is embedded, so an error means that the program was built wrongly.
func NewWords() (Words, error) { return NewWordsIn(english) }

// NewWordsIn is [NewWords] for a language, by its tag. Where the pages don't speak it, it is English.
func NewWordsIn(tag string) (Words, error) {
	spoken, err := embeddedLanguages()
	if err != nil {
		return Words{}, err
	}
	if !slices.ContainsFunc(spoken, func(l Language) bool { return l.Tag == tag }) {
		tag = english
	}
	c, err := loadCatalogue(Language{Tag: tag})
	return Words{c}, err
}

// Words are those of the set.
func (s *Set) Words() Words { return Words{s.english.catalogue} }

// Type is what kind of request it was, such as Read.
func (w Words) Type(e store.Entry) string { return w.catalogue.texts[typeKey(e.Method)] }

// Result is how the request ended, such as Not found (404). It may have words of the application in it.
func (w Words) Result(e store.Entry) string {
	r := resultOf(&e)
	return w.text(r.Key, r.parameters(w.catalogue)) + r.status()
}

// Serious reports whether the request failed by the site's fault.
func (w Words) Serious(e store.Entry) bool { return resultOf(&e).serious() }

// Acted names the actor and the user, such as by bob, as ada. It is "" where the user acted.
func (w Words) Acted(e store.Entry) string {
	if e.Actor == "" {
		return ""
	}
	return w.text(actedKey, parameters{Name: printable.Name(e.Actor), Other: printable.Name(e.Username)})
}

// text never lacks a message: tests compare the catalogue with all keys that are asked for.
func (w Words) text(key string, p parameters) string {
	text, _ := w.catalogue.localize(key, p)
	return text
}
