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
		if slash := strings.IndexByte(rest, '/'); slash >= 0 {
			return rest[slash:]
		}
		return "/"
	}
	return uri[strings.LastIndexByte(uri, '@')+1:] // * of OPTIONS, or the host of CONNECT
}

// headerID is what the application's other logs call the request, if this header says.
func headerID(h http.Header) string { return value(h, "X-Request-Id") }

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

// arrived is a request as it came in. Handlers may change a request, or put another in its place.
type arrived struct {
	asked
	at                  time.Time
	method, uri, sentID string
}

func arrive(r *http.Request) arrived {
	return arrived{asked: askedBy(r), at: time.Now(), method: r.Method, uri: requestURI(r), sentID: headerID(r.Header)}
}

// entry is the entry of a request that is finished now, as far as every framework knows it.
func (a arrived) entry(response http.Header, code int) store.Entry {
	finished := time.Now()
	id := headerID(response)
	if id == "" {
		id = a.sentID
	}
	e := store.Entry{
		Method: a.method, Path: a.uri, Code: code, Time: finished, Duration: finished.Sub(a.at), RequestID: id,
		Kind: a.kind, From: a.from,
	}
	e.Location = a.leadsTo(response, e.Redirects())
	return e
}

// identity is what the host says about a request; R is how its framework shows one.
type identity[R any] struct {
	username func(R) string
	pages    pageNames[R]
	annotate func(R, *store.Entry) // or nil
}

// identify fills in whose request it was, and lets the host change the entry. It reports whether to
// record it.
func (i *identity[R]) identify(r R, e *store.Entry) (record bool) {
	if e.Username = i.username(r); e.Username == "" {
		return false
	}
	e.Page = i.pages.name(r, e)
	if i.annotate != nil {
		annotated := *e // a copy of its own, so that e itself need not be on the heap
		i.annotate(r, &annotated)
		*e = annotated
	}
	return e.Username != ""
}

// recoverPanic, deferred, turns a panic of the host's functions, or over what its handlers have left
// of a request, into an entry of nobody, which Record counts as invalid.
func (r *recording) recoverPanic() {
	if recover() != nil {
		r.logs.Record(store.Entry{})
	}
}
