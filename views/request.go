package views

import (
	"net/http"
	"net/url"

	"github.com/gin-userlog/userlog/store"
)

// request is one request as it is written.
type request struct {
	When    moment
	Method  string
	URL     string // as it can be shown and copied
	Code    int
	Outcome string // class of the status code: the row's CSS class

	TypeKey, ResultKey string // of the catalogues: what kind of request it was, how it ended
}

func newRequest(e *store.Entry) request {
	outcome := outcomeOf(e.Code)
	return request{
		When: momentOf(e.Time), Method: e.Method, URL: visible(e.Path), Code: e.Code, Outcome: outcome,
		TypeKey: typeKey(e.Method), ResultKey: resultKey(outcome),
	}
}

// row is a request of everyone's log, as it is written.
type row struct {
	Request        request
	ID, DOMID      string
	Base, Username string
	Page           string
	WithUser       bool
}

func newRow(e *store.Entry, base string, withUser bool) row {
	return row{
		Request: newRequest(e), ID: e.ID, DOMID: domID("entry", e.ID), Base: base, Username: e.Username, Page: e.Page,
		WithUser: withUser,
	}
}

// domID is an id for the element of a row. Ids of entries come from the wire and may be anything; an
// HTML id has no spaces.
func domID(prefix, id string) string { return prefix + "-" + url.PathEscape(id) }

// columns tells the templates that span or head the table whether there is a user column.
type columns bool

// Count is how many columns the table has.
func (c columns) Count() int {
	if c {
		return 5
	}
	return 4
}

// omitted is how many requests a row stands for.
type omitted struct {
	columns
	Requests int
}

// typeKey is the catalogue's key for what kind of request a method makes.
func typeKey(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead:
		return "type.read"
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		return "type.write"
	}
	return "type.other"
}

// outcomeOf is the class of a status code.
func outcomeOf(code int) string {
	switch code / 100 {
	case 1:
		return "informational"
	case 2:
		return "success"
	case 3:
		return "redirection"
	case 4:
		return "client-error"
	case 5:
		return "server-error"
	}
	return "non-standard"
}

// resultKey is the catalogue's key for an outcome.
func resultKey(outcome string) string { return "result." + outcome }

// Words are what the table calls requests, for a terminal: in English.
type Words struct{ catalogue *catalogue }

// NewWords reads the English catalogue. It is embedded, so an error means that the program was built wrongly.
func NewWords() (Words, error) {
	all, err := loadCatalogues()
	if err != nil {
		return Words{}, err
	}
	return Words{all[0]}, nil
}

// Type is what kind of request it was, such as Read.
func (w Words) Type(e store.Entry) string { return w.catalogue.texts[typeKey(e.Method)] }

// Result is how the request ended, such as Client error.
func (w Words) Result(e store.Entry) string { return w.catalogue.texts[resultKey(outcomeOf(e.Code))] }
