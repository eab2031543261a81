package views

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gin-userlog/userlog/store"
)

// row is an entry as the "row" template sees it.
type row struct {
	store.Entry
	Base     string
	WithUser bool
}

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

// DOMID is an id for the row's element. Ids of entries come from the wire and may be anything; an
// HTML id has no spaces.
func (r row) DOMID() string { return "entry-" + url.PathEscape(r.ID) }

// Timestamp is the time as relative-time reads it.
func (r row) Timestamp() string { return timestamp(r.Time) }

// UTC is what is shown where there is no script to convert it to the reader's time zone.
func (r row) UTC() string { return utc(r.Time) }

func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// URL is the path as it can be shown and copied.
func (r row) URL() string { return visible(r.Path) }

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

// TypeKey is the catalogue's key for what kind of request it was.
func (r row) TypeKey() string {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return "type.read"
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		return "type.write"
	}
	return "type.other"
}

// Outcome is the class of the status code: the row's CSS class, and the end of its catalogue key.
func (r row) Outcome() string {
	switch r.Code / 100 {
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

// ResultKey is the catalogue's key for how the request ended.
func (r row) ResultKey() string { return "result." + r.Outcome() }

// entryKeys is every key that a row may ask for, for the check that the catalogues are complete.
func entryKeys() []string {
	return []string{
		"type.read", "type.write", "type.other", "result.informational", "result.success",
		"result.redirection", "result.client-error", "result.server-error", "result.non-standard",
	}
}
