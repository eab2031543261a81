package middleware_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/gin-gonic/gin/binding"

	"github.com/gin-userlog/userlog/middleware"
)

// hidden is what each form of these tests has for a value. No word of a problem may contain it.
const hidden = "hunter2"

type address struct {
	Zip string `json:"zip" binding:"required"`
}

type line[T any] struct {
	Amount T `json:"amount" binding:"max=9"`
}

// order is what a customer sends.
type order struct {
	CardNumber string            `form:"card_number" json:"card_number" binding:"required"`
	Password   string            `form:"password" json:"password" binding:"min=8"`
	Mail       string            `form:"mail" json:"mail" binding:"omitempty,email"`
	Color      string            `form:"color" json:"color" binding:"omitempty,eq=red|rgb"`
	Voucher    string            `form:"voucher" json:"voucher" binding:"omitempty,eq=SUMMER24"`
	Count      int               `form:"count" json:"count"`
	Gift       bool              `form:"gift" json:"gift"`
	HTTPLinks  []string          `json:"http_links" binding:"dive,url"`
	Billing    *address          `json:"billing"`
	Items      []address         `json:"items" binding:"dive"`
	Notes      map[string]string `json:"notes" binding:"dive,max=3"`
	Lines      []line[int]       `json:"lines" binding:"dive"`
}

// bound returns the problem of a body that a handler has bound by ShouldBind to a new T.
func bound[T any](t *testing.T, contentType, body string, wrap func(error) error) string {
	t.Helper()
	m := &memory{}
	r := site(middleware.Track(m, header, middleware.Options{}))
	r.POST("/order", func(c *gin.Context) {
		var form T
		if err := c.ShouldBind(&form); err != nil {
			middleware.Invalid(c, wrap(err))
		}
	})
	request := httptest.NewRequest(http.MethodPost, "/order", strings.NewReader(body))
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("X-User", "ada")
	r.ServeHTTP(httptest.NewRecorder(), request)
	problem := m.await(t, 1)[0].Problem
	if strings.Contains(problem, hidden) {
		t.Errorf("%q has a value in it", problem)
	}
	return problem
}

func same(err error) error { return err }

func TestInvalidNamesFieldsAndRules(t *testing.T) {
	const form, json = "application/x-www-form-urlencoded", binding.MIMEJSON
	wrapped := func(err error) error {
		return fmt.Errorf("order: %w", errors.Join(errors.New(hidden), fmt.Errorf("%s: %w", hidden, err)))
	}
	for _, test := range []struct {
		contentType, body, want string
		wrap                    func(error) error
	}{
		{form, "password=hunter2-is-long", "card number: required", same},
		{form, "card_number=4&password=hunter2", "password: min 8", wrapped},
		{form, "mail=hunter2", "card number: required; password: min 8; mail: email", same},
		{form, "card_number=4&password=hunter2-is-long&color=hunter2&voucher=hunter2", "color: eq or rgb; voucher: eq", same},
		{form, "count=hunter2", "not a number", same},
		{form, "gift=hunter2", "not true or false", wrapped},
		{json, `{"count":"hunter2"}`, "count: not a number", same},
		{json, `{"billing":{"zip":7}}`, "billing zip: not a text", wrapped},
		{json, `{"items":"hunter2"}`, "items: not a list", same},
		{json, `{"billing":["hunter2"]}`, "billing: not an object", same},
		{json, `{hunter2`, "not JSON", same},
		{json, ``, "nothing was sent", wrapped},
		{json, `{"mail":"hunter2`, "incomplete", same},
		{json, `{"card_number":"4","password":"hunter2-is-long","http_links":["hunter2"]}`, "http links: url", same},
		{json, `{"card_number":"4","password":"hunter2-is-long","billing":{},"items":[{},{}]}`, "billing zip: required; items zip: required", same},
		{json, `{"card_number":"4","password":"hunter2-is-long","lines":[{"amount":77}]}`, "lines amount: max 9", same},
		{json, `{"card_number":"4","password":"hunter2-is-long","notes":{"hunter2":"hunter2"}}`, "notes: max 3", same},
		{json, `{"card_number":"4","password":"hunter2-is-long","notes":{"0].hunter2":"hunter2"}}`, "notes: max 3", same},
	} {
		if got := bound[order](t, test.contentType, test.body, test.wrap); got != test.want {
			t.Errorf("%s %s: %q, want %q", test.contentType, test.body, got, test.want)
		}
	}
	if got := bound[line[int]](t, json, `{"amount":77}`, same); got != "amount: max 9" {
		t.Errorf("a generic form: %q", got)
	}
	if got := bound[struct {
		Pin string `json:"pin" binding:"required,len=4"`
	}](t, json, `{"pin":"hunter2"}`, same); got != "pin: len 4" {
		t.Errorf("a struct without a name: %q", got)
	}
	for _, key := range []string{"hunter2", "0].hunter2", "0].hunter2[", "a.hunter2", "].hunter2.", "a[.hunter2"} {
		if got := bound[struct {
			Notes map[string]string `json:"notes" binding:"dive,max=3"`
		}](t, json, `{"notes":{"`+key+`":"hunter2"}}`, same); got != "notes: max 3" {
			t.Errorf("a key %q in a struct without a name: %q", key, got)
		}
	}
	if got := bound[[]address](t, json, `[{},{"zip":"1"},{}]`, same); got != "zip: required" {
		t.Errorf("a slice: %q", got)
	}
}

// A host may pass any error, and what it panics with is no business of the request's.
func TestInvalidTellsNothingOfOtherErrors(t *testing.T) {
	broken := func(error) error { return (*brokenError)(nil) }
	for _, wrap := range []func(error) error{broken, func(error) error { return errors.New(hidden) }, func(error) error { return deep{} }} {
		if got := bound[order](t, binding.MIMEJSON, `{}`, wrap); got != "not valid" {
			t.Errorf("the problem is %q", got)
		}
	}
	if got := bound[order](t, binding.MIMEJSON, `{}`, func(error) error { return nil }); got != "" {
		t.Errorf("no error is the problem %q", got)
	}
}

// What is sent bounds what is told, and what is looked at.
func TestInvalidIsBounded(t *testing.T) {
	got := bound[order](t, binding.MIMEJSON, `{"items":[`+strings.Repeat("{},", 50_000)+`{}],"color":"x","mail":"x","voucher":"x","billing":{}}`, same)
	if want := "card number: required; password: min 8; mail: email; color: eq or rgb; voucher: eq; and more"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := bound[order](t, binding.MIMEJSON, `{}`, func(error) error { return field{"A." + strings.Repeat("ü", 5_000), strings.Repeat("x", 5_000)} }); len(got) > 200 {
		t.Errorf("a name of 10,000 bytes: %d bytes", len(got))
	}
	keyed := bound[order](t, binding.MIMEJSON, `{"card_number":"4","password":"hunter2-is-long","notes":{"`+strings.Repeat("hunter2[", 99)+`":"long"}}`, same)
	if keyed != "notes: max 3" {
		t.Errorf("a key that looks like fields: %q", keyed)
	}
}

// brokenError panics when it is asked for what it wraps.
type brokenError struct{ err error }

func (e *brokenError) Error() string { return e.err.Error() }
func (e *brokenError) Unwrap() error { return e.err }

// deep wraps itself.
type deep struct{}

func (deep) Error() string   { return hidden }
func (d deep) Unwrap() error { return d }

// field is an error about a field.
type field struct{ name, rule string }

func (f field) Error() string     { return hidden }
func (f field) Namespace() string { return f.name }
func (f field) Field() string     { return f.name }
func (f field) Tag() string       { return f.rule }
func (f field) Param() string     { return hidden }

// A key of a map is the customer's. Go's second version of encoding/json (GOEXPERIMENT=jsonv2) names it as it names fields.
func TestInvalidTellsNoKeys(t *testing.T) {
	t.Parallel()
	type cards map[string]struct {
		Limit int            `json:"limit"`
		Codes map[string]int `json:"codes"`
	}
	for _, body := range []string{`{"hunter2":{"limit":"x"}}`, `{"a":{"codes":{"hunter2":"x"}}}`} {
		if problem := bound[cards](t, "application/json", body, same); !strings.HasSuffix(problem, "not a number") {
			t.Errorf("%s: %q", body, problem)
		}
	}
}
