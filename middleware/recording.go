package middleware

import (
	"cmp"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"

	"github.com/gin-userlog/userlog/store"
)

// recording is what every adapter needs, whatever the framework.
type recording struct {
	logs       Recorder
	comparable bool // logs can be compared: two trackers that record to the same place are known by that
	ignore     []*regexp.Regexp
	prefix     string // what a proxy strips from paths
	idHeader   string // in canonical form
	clock      *clock
	clients    *clients  // nil where they are not recorded
	visitors   *visitors // as well
}

// announcer is a recorder that wants to know that it is going to be used, as a *store.Store does.
type announcer interface{ Announce() }

// settings are the options that all adapters share.
type settings struct {
	ignore          []string
	externalPrefix  string
	requestIDHeader string
	noClient        bool
	visitors        Visitors
}

// newRecording checks what an adapter was given; constructor names that adapter in the panic.
func newRecording(constructor string, logs Recorder, given settings) recording {
	v := reflect.ValueOf(logs)
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		panic(constructor + ": there is no store to record to: pass what store.Open returned, after checking its error")
	}
	if a, ok := logs.(announcer); ok {
		a.Announce()
	}
	r := recording{
		logs:       logs,
		comparable: v.Comparable(),
		prefix:     externalPrefix(constructor, given.externalPrefix),
		idHeader:   http.CanonicalHeaderKey(cmp.Or(given.requestIDHeader, "X-Request-Id")),
		clock:      newClock(),
		visitors:   newVisitors(constructor, given.visitors, logs),
	}
	if !given.noClient {
		r.clients = newClients()
	}
	for _, pattern := range given.ignore {
		compiled, err := regexp.Compile(pattern)
		if err != nil {
			panic(fmt.Sprintf("%s: %q in Ignore is not a regular expression: %v", constructor, pattern, err))
		}
		r.ignore = append(r.ignore, compiled)
	}
	return r
}

// externalPrefix checks a prefix of paths, and takes a slash off its end.
func externalPrefix(constructor, prefix string) string {
	prefix = strings.TrimSuffix(prefix, "/")
	if prefix != "" && (prefix[0] != '/' || strings.HasPrefix(prefix, "//") || strings.ContainsAny(prefix, "?#\\ ")) {
		panic(fmt.Sprintf("%s: %q in ExternalPrefix is not the beginning of a path: write it as in /app", constructor, prefix))
	}
	return prefix
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
		switch end := strings.IndexAny(rest, "/?"); {
		case end < 0:
			return "/"
		case rest[end] == '?':
			return "/" + rest[end:]
		default:
			return rest[end:]
		}
	}
	return uri[strings.LastIndexByte(uri, '@')+1:] // * of OPTIONS, or the host of CONNECT
}

// requestID is what the application's other logs call the request: by the header that says so, or else by the trace that the
// request belongs to.
func (r *recording) requestID(h http.Header) string {
	if id := value(h, r.idHeader); id != "" {
		return id
	}
	return traceID(value(h, "Traceparent"))
}

// traceID is the id of a trace in a header of the W3C: version, trace, span and flags in hexadecimal digits, as in
// 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01. It is "" for anything else.
func traceID(traceparent string) string {
	if len(traceparent) < 55 || traceparent[2] != '-' || traceparent[35] != '-' || traceparent[52] != '-' {
		return ""
	}
	id := traceparent[3:35]
	if strings.Trim(id, "0123456789abcdef") != "" || strings.Trim(id, "0") == "" {
		return ""
	}
	return id
}

// upgrades reports whether a request with such a header asks to change the protocol.
func upgrades(h http.Header) bool {
	if !has(h, "Upgrade") {
		return false
	}
	for _, value := range h["Connection"] {
		if strings.Contains(strings.ToLower(value), "upgrade") {
			return true
		}
	}
	return false
}

// arrived is a request as it came in. Handlers may change a request, or put another in its place.
type arrived struct {
	asked
	at                      moment
	method, uri, id, prefix string
	idHeader, client        string
	http2                   bool
}

// arrive notes what a request is when it comes in.
func (r *recording) arrive(a *arrived, request *http.Request) {
	a.asked = askedBy(request)
	a.at, a.method, a.id = r.clock.now(), request.Method, r.requestID(request.Header)
	a.http2, a.client = request.ProtoMajor >= 2, r.clients.of(request.Header)
	a.prefix, a.idHeader = r.prefix, r.idHeader
	if a.uri = requestURI(request); r.prefix != "" && strings.HasPrefix(a.uri, "/") {
		a.uri = r.prefix + a.uri
	}
}

// fill fills in what every framework knows of a request that is answered now.
func (a *arrived) fill(e *store.Entry, answer http.Header, code int) {
	e.Method, e.Path, e.Code, e.Kind, e.From = a.method, a.uri, code, a.answered(answer), a.from
	e.Scripted = a.script && e.Kind == store.KindFragment
	e.Duration, e.Time = a.at.elapsed()
	e.RequestID, e.Client = a.requestID(answer), a.client
	e.Location = a.leads(answer, e)
	if a.goesElsewhere(answer, code) {
		e.Ended = store.EndRedirected
	}
}

// requestID is what the request is called, by the answer or by itself.
func (a *arrived) requestID(answer http.Header) string {
	if id := value(answer, a.idHeader); id != "" {
		return id
	}
	return a.id
}

// leads is where an answer sends the browser, in the paths that the browser sees. An application behind a proxy that strips a
// prefix may know of that prefix or not.
func (a *arrived) leads(answer http.Header, e *store.Entry) string {
	to := a.leadsTo(answer, e)
	if to == "" || a.prefix == "" || isBelow(to, a.prefix) {
		return to
	}
	return a.prefix + to
}

// isBelow reports whether an address is that of a prefix, or begins with it and a slash.
func isBelow(address, prefix string) bool {
	rest, found := strings.CutPrefix(address, prefix)
	return found && (rest == "" || strings.IndexByte("/?", rest[0]) >= 0)
}
