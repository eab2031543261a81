package middleware

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/gin-userlog/userlog/store"
)

// HTTPOptions configure [TrackHTTP], as [Options] do [Track].
type HTTPOptions struct {
	Ignore    []string                          // see Options.Ignore
	PageName  func(*http.Request) string        // see Options.PageName
	PageNames map[string]string                 // see Options.PageNames; by the pattern of http.ServeMux
	Annotate  func(*http.Request, *store.Entry) // see Options.Annotate

	BothUsers       bool   // see Options.BothUsers
	ExternalPrefix  string // see Options.ExternalPrefix
	RequestIDHeader string // see Options.RequestIDHeader
	NoClient        bool   // see Options.NoClient

	Visitors Visitors // see Options.Visitors
}

// TrackHTTP is [Track] for net/http, and for all that is built on it, such as chi or the standard
// mux:
//
//	http.ListenAndServe(addr, middleware.TrackHTTP(logs, currentUser, middleware.HTTPOptions{})(mux))
//
// username is asked before and after the handlers, about the request that came in. A middleware
// inside may put the user into the context of a copy of the request, which username does not get. So
// let TrackHTTP stand inside that middleware, or let username read the session itself. The route is
// the pattern of http.ServeMux. Annotate can set the routes of other routers. The writer that
// handlers get can flush, hijack, push and copy from a file where the server's writer can.
func TrackHTTP(logs Recorder, username func(*http.Request) string, options HTTPOptions) func(http.Handler) http.Handler {
	if username == nil {
		panic("middleware.TrackHTTP: the username function is nil: pass a func(*http.Request) string that returns \"\" for nobody")
	}
	t := httpTracker{
		recording: newRecording("middleware.TrackHTTP", logs, settings{options.Ignore, options.ExternalPrefix, options.RequestIDHeader, options.NoClient, options.Visitors}),
		identity: identity[*http.Request]{
			username, newPageNames(options.PageName, options.PageNames), options.Annotate, options.BothUsers, new(atomic.Int32),
		},
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { t.serve(next, w, r) })
	}
}

type httpTracker struct {
	recording
	identity[*http.Request]
}

func (t *httpTracker) serve(next http.Handler, w http.ResponseWriter, request *http.Request) {
	if t.ignores(request.URL.Path) {
		next.ServeHTTP(w, request)
		return
	}
	nearest, same := t.enclosing(nil, w, request)
	if same != nil {
		t.within(same, next, w, request)
		return
	}
	r := t.open(w, request, nearest)
	returned := false
	defer func() {
		// There is no recover here, so that a panic stays exactly what it was.
		code, open := r.leave(!returned)
		if r.aborted = !returned; code == 0 && returned {
			code = http.StatusOK // what the server sends by itself
		}
		if open {
			r.finish(code)
		}
	}()
	next.ServeHTTP(r.variant(capabilitiesOf(w)), r.r)
	returned = true
}

// within lets a tracker outside record the request, and tells it what only this one knows.
func (t *httpTracker) within(outer *response, next http.Handler, w http.ResponseWriter, request *http.Request) {
	returned := false
	defer func() {
		outer.learn(request, nested{route: routeOf(request), username: t.ask(request), panicked: !returned})
	}()
	next.ServeHTTP(w, request)
	returned = true
}

// open begins to watch what is answered. The request is announced in its context to trackers behind a writer that can't be
// looked through.
func (t *httpTracker) open(w http.ResponseWriter, request *http.Request, nearest *response) *response {
	r := &response{ResponseWriter: w}
	r.host, r.logs = t, t.logs
	r.accept(&t.recording, request, nearest)
	r.answer = w.Header()
	r.r = request.WithContext(context.WithValue(r.ctx, announced{}, r))
	r.before, r.visitor = t.before(r.r), t.visitors.arrive(request)
	return r
}

// find implements host.
func (t *httpTracker) find(r *response, code int) (record bool) {
	return t.identity.find(r.r, r, routeOf(r.r), code)
}

// who implements host.
func (t *httpTracker) who(r *response) string { return t.identity.who(r.r, r) }

// routeOf is the pattern of http.ServeMux that matched, without its method.
func routeOf(request *http.Request) string {
	if _, route, found := strings.Cut(request.Pattern, " "); found {
		return route
	}
	return request.Pattern
}

// release implements host. A handler may have kept the writer, so it is not used for another request.
func (t *httpTracker) release(*response) {}
