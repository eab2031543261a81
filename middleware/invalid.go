package middleware

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// Limits of what [Invalid] reads and tells.
const (
	maxFaults = 5     // fields that are told
	maxErrors = 1_000 // errors that are looked at
)

// Invalid says what was wrong with the input of the current request, from the error of one of Gin's bindings: "card number:
// required; expiry: datetime". It reads errors of go-playground/validator, wrapped or in slices, and those of decoders. It
// tells names of fields and rules, and never a value. Of any other error it tells nothing but that the input is not valid. At
// most five fields are told. A nil error changes nothing. Else it is [Problem], with these words.
func Invalid(c *gin.Context, err error) {
	if words := faultsOf(err); words != "" {
		Problem(c, words)
	}
}

// fieldError is what is read of an error of go-playground/validator, whichever its version. Its value is never asked for.
type fieldError interface {
	Namespace() string
	Field() string
	Tag() string
	Param() string
}

// faults are what was wrong, as far as it is told.
type faults struct {
	told  []string
	more  bool // than are told
	reads int
}

// faultsOf are the words about an error, "" where there is none. An error of the host's that panics is one of which nothing is told.
func faultsOf(err error) (words string) {
	if err == nil {
		return ""
	}
	defer func() {
		if recover() != nil {
			words = "not valid"
		}
	}()
	var f faults
	if f.read(err); len(f.told) == 0 {
		return "not valid"
	}
	if words = strings.Join(f.told, "; "); f.more {
		words += "; and more"
	}
	return words
}

// read looks for faults in an error and in those that it wraps.
func (f *faults) read(err error) {
	if f.reads++; err == nil || f.reads > maxErrors {
		f.more = f.more || err != nil
		return
	}
	if name, rule := decodingFault(err); rule != "" {
		f.add(name, rule)
		return
	}
	//lint:ignore errorlint what is wrapped is read by itself, and there may be several
	switch e := err.(type) {
	case fieldError:
		f.add(fieldWords(e.Namespace(), e.Field()), ruleWords(e.Tag(), e.Param()))
	case interface{ Unwrap() error }:
		f.read(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			f.read(one)
		}
	default:
		if rule := bodyFault(err); rule != "" {
			f.add("", rule)
		}
		f.readSlice(reflect.ValueOf(err))
	}
}

// readSlice reads an error that is a slice of errors, such as validator.ValidationErrors and binding.SliceValidationError.
func (f *faults) readSlice(errs reflect.Value) {
	if errs.Kind() != reflect.Slice {
		return
	}
	for i := range errs.Len() {
		if one, ok := reflect.TypeAssert[error](errs.Index(i)); ok {
			f.read(one)
		}
		if f.reads > maxErrors {
			return
		}
	}
}

// add tells one more fault, once.
func (f *faults) add(name, rule string) {
	words := rule
	if name != "" {
		words = name + ": " + rule
	}
	switch {
	case slices.Contains(f.told, words):
	case len(f.told) == maxFaults:
		f.more = true
	default:
		f.told = append(f.told, words)
	}
}

// decodingFault is what a decoder of Gin's bindings could not read; rule is "" where err is not a decoder's. Texts of such
// errors have values in them, and are not told.
func decodingFault(err error) (name, rule string) {
	//lint:ignore errorlint what is wrapped is read by itself
	switch e := err.(type) {
	case *json.UnmarshalTypeError:
		if keysAreNames() {
			return "", "not " + kindWords(e.Type)
		}
		return fieldWords("."+e.Field, ""), "not " + kindWords(e.Type)
	case *json.SyntaxError:
		return "", "not JSON"
	case *strconv.NumError:
		if e.Func == "ParseBool" {
			return "", "not true or false"
		}
		return "", "not a number"
	case *time.ParseError:
		return "", "not a date"
	case *http.MaxBytesError:
		return "", "too large"
	}
	return "", ""
}

// keysAreNames reports whether encoding/json names the keys of maps as it names fields, which Go's second version of it does (GOEXPERIMENT=jsonv2).
// Keys are the user's, and can't be told from fields.
func keysAreNames() bool {
	var into map[string]struct{ Field int }
	var wrong *json.UnmarshalTypeError
	err := json.Unmarshal([]byte(`{"key":{"Field":""}}`), &into)
	return !errors.As(err, &wrong) || wrong.Field != "Field"
}

// bodyFault is what was wrong with a body, by an error that wraps none; "" where that does not tell.
func bodyFault(err error) (rule string) {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "incomplete"
	case errors.Is(err, io.EOF):
		return "nothing was sent"
	case errors.Is(err, http.ErrMissingFile):
		return "a file is missing"
	}
	return ""
}

// kindWords says what a value should have been.
func kindWords(t reflect.Type) string {
	if t == nil {
		return "of the right type"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "an object"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16,
		reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "of the right type"
}
