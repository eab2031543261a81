package views

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

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

// visible is a path as it can be shown and copied. What would not be seen, or would rearrange the text
// around it (controls, bidi overrides, bytes that are not UTF-8), is percent-encoded: the same URL, and
// honest.
func visible(path string) string {
	if strings.IndexFunc(path, hidden) < 0 {
		return path
	}
	var b strings.Builder
	for i, c := range path {
		if !hidden(c) {
			b.WriteRune(c)
			continue
		}
		_, size := utf8.DecodeRuneInString(path[i:])
		for _, octet := range []byte(path[i : i+size]) {
			fmt.Fprintf(&b, "%%%02X", octet)
		}
	}
	return b.String()
}

// hidden says whether a reader would not see the character for what it is.
func hidden(c rune) bool { return !unicode.IsPrint(c) || c == utf8.RuneError }

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

// entryKeys is every key that a row may ask for, for the check that the catalogues are complete.
func entryKeys() []string {
	return []string{
		"type.read", "type.write", "type.other", "result.informational", "result.success",
		"result.redirection", "result.client-error", "result.server-error", "result.non-standard",
	}
}
