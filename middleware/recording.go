package middleware

import (
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// recording is what every adapter needs, whatever the framework.
type recording struct {
	logs   Recorder
	ignore []*regexp.Regexp
}

// announcer is a recorder that wants to know that it is going to be used, as a *store.Store does.
type announcer interface{ Announce() }

// newRecording checks what an adapter was given; constructor names that adapter in the panic.
func newRecording(constructor string, logs Recorder, ignore []string) recording {
	if v := reflect.ValueOf(logs); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		panic(constructor + ": there is no store to record to: pass what store.Open returned, after checking its error")
	}
	if a, ok := logs.(announcer); ok {
		a.Announce()
	}
	r := recording{logs: logs}
	for _, pattern := range ignore {
		compiled, err := regexp.Compile(pattern)
		if err != nil {
			panic(fmt.Sprintf("%s: %q in Ignore is not a regular expression: %v", constructor, pattern, err))
		}
		r.ignore = append(r.ignore, compiled)
	}
	return r
}

// ignores reports whether requests for this path are not recorded.
func (r *recording) ignores(path string) bool {
	for _, pattern := range r.ignore {
		if pattern.MatchString(path) {
			return true
		}
	}
	return false
}

// requestURI is path and query as the client sent them, without scheme, host and credentials, which
// a client of a proxy may put in front.
func requestURI(r *http.Request) string {
	uri := r.RequestURI
	if uri == "" {
		return r.URL.RequestURI() // a request that was not read by a server
	}
	if uri[0] == '/' {
		return uri
	}
	if _, rest, found := strings.Cut(uri, "://"); found {
		if slash := strings.IndexAny(rest, "/?"); slash >= 0 {
			return rest[slash:]
		}
		return "/"
	}
	return uri // * of OPTIONS, or the host of CONNECT
}

// requestID is what the application's other logs call the request, if they say.
func requestID(response, request http.Header) string {
	if id := response["X-Request-Id"]; len(id) > 0 {
		return id[0]
	}
	if id := request["X-Request-Id"]; len(id) > 0 {
		return id[0]
	}
	return ""
}

// upgrades reports whether the request asks to change the protocol.
func upgrades(r *http.Request) bool {
	if len(r.Header["Upgrade"]) == 0 {
		return false
	}
	for _, value := range r.Header["Connection"] {
		if strings.Contains(strings.ToLower(value), "upgrade") {
			return true
		}
	}
	return false
}

// newEntry is the entry of a request that is finished now, as far as every framework knows it.
func newEntry(r *http.Request, response http.Header, code int, started time.Time) store.Entry {
	finished := time.Now()
	return store.Entry{
		Method:    r.Method,
		Path:      requestURI(r),
		Code:      code,
		Time:      finished,
		Duration:  finished.Sub(started),
		RequestID: requestID(response, r.Header),
	}
}

// identity is what the host says about a request; R is how its framework shows one.
type identity[R any] struct {
	username func(R) string
	annotate func(R, *store.Entry) // or nil
}

// identify fills in whose request it was, and lets the host change the entry. It reports whether to
// record it.
func (i *identity[R]) identify(r R, e *store.Entry) (record bool) {
	defer func() {
		if recover() != nil {
			e.Username, record = "", true // Record counts it as invalid
		}
	}()
	if e.Username = i.username(r); e.Username == "" {
		return false
	}
	if i.annotate != nil {
		annotated := *e // a copy of its own, so that e itself need not be on the heap
		i.annotate(r, &annotated)
		*e = annotated
	}
	return e.Username != ""
}
