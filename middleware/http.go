package middleware

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/gin-userlog/userlog/store"
)

// HTTPOptions configure [TrackHTTP], as [Options] do [Track].
type HTTPOptions struct {
	Ignore    []string                          // see Options.Ignore
	PageName  func(*http.Request) string        // see Options.PageName
	PageNames map[string]string                 // see Options.PageNames; by the pattern of http.ServeMux
	Annotate  func(*http.Request, *store.Entry) // see Options.Annotate
}

// TrackHTTP is [Track] for net/http, and for all that is built on it, such as chi or the standard
// mux:
//
//	http.ListenAndServe(addr, middleware.TrackHTTP(logs, currentUser, middleware.HTTPOptions{})(mux))
//
// username is asked after the handlers ran, about the request that came in: what an inner
// middleware puts into the context of a request of its own is not there, so stand inside the one
// that knows the user, or read her session. The route is the pattern of http.ServeMux; other
// routers' can be set by Annotate. The writer that handlers get can flush, hijack, push and copy
// from a file where the server's can.
func TrackHTTP(logs Recorder, username func(*http.Request) string, options HTTPOptions) func(http.Handler) http.Handler {
	if username == nil {
		panic("middleware.TrackHTTP: the username function is nil: pass a func(*http.Request) string that returns \"\" for nobody")
	}
	t := httpTracker{
		recording: newRecording("middleware.TrackHTTP", logs, options.Ignore),
		identity:  identity[*http.Request]{username, newPageNames(options.PageName, options.PageNames), options.Annotate},
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { t.serve(next, w, r) })
	}
}

type httpTracker struct {
	recording
	identity[*http.Request]
}

func (t *httpTracker) serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	if t.ignores(r.URL.Path) {
		next.ServeHTTP(w, r)
		return
	}
	request := arrive(r)
	status := &statusWriter{ResponseWriter: w}
	if upgrades(r) {
		status.upgraded = func() { t.record(r, request, w.Header(), http.StatusSwitchingProtocols) }
	}
	returned := false
	defer func() {
		switch {
		case status.taken:
		case !returned: // a panic, which stays exactly what it was
			t.record(r, request, w.Header(), http.StatusInternalServerError)
		default:
			t.record(r, request, w.Header(), max(status.code, http.StatusOK))
		}
	}()
	next.ServeHTTP(status.like(w), r)
	returned = true
}

// record hands over the entry of a request that is finished.
func (t *httpTracker) record(r *http.Request, request arrived, response http.Header, code int) {
	defer t.recoverPanic()
	e := request.entry(response, code)
	if _, route, found := strings.Cut(r.Pattern, " "); found {
		e.Route = route
	} else {
		e.Route = r.Pattern
	}
	if t.identify(r, &e) {
		t.logs.Record(e)
	}
}

// statusWriter notes the status that is sent, and when a handler takes the connection over.
type statusWriter struct {
	http.ResponseWriter
	code     int    // 0 until the header is sent
	upgraded func() // or nil
	taken    bool   // upgraded was called
}

// WriteHeader implements http.ResponseWriter. Informational answers are not the last word.
func (w *statusWriter) WriteHeader(code int) {
	if w.code == 0 && code >= http.StatusOK {
		w.code = code
	}
	w.ResponseWriter.WriteHeader(code)
}

// Write implements http.ResponseWriter.
func (w *statusWriter) Write(b []byte) (int, error) {
	w.sending()
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// sending notes that the header goes out by itself, if it has not.
func (w *statusWriter) sending() {
	if w.code == 0 {
		w.code = http.StatusOK
	}
}

// like returns a writer that can do what the server's own can: handlers ask by type assertion.
func (w *statusWriter) like(server http.ResponseWriter) http.ResponseWriter {
	flusher, canFlush := server.(http.Flusher)
	if !canFlush {
		return w
	}
	flushing := flushWriter{w, flusher}
	if hijacker, ok := server.(http.Hijacker); ok {
		return http1Writer{flushing, hijacker}
	}
	if pusher, ok := server.(http.Pusher); ok {
		return struct {
			flushWriter
			http.Pusher
		}{flushing, pusher}
	}
	return flushing
}

type flushWriter struct {
	*statusWriter
	flusher http.Flusher
}

// Flush implements http.Flusher.
func (w flushWriter) Flush() {
	w.sending()
	w.flusher.Flush()
}

type http1Writer struct {
	flushWriter
	hijacker http.Hijacker
}

// Hijack implements http.Hijacker.
func (w http1Writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := w.hijacker.Hijack()
	if err == nil && w.upgraded != nil && !w.taken {
		w.taken = true
		w.upgraded()
	}
	return conn, buffered, err
}

// ReadFrom implements io.ReaderFrom, by which the server sends files without copying them.
func (w http1Writer) ReadFrom(r io.Reader) (int64, error) {
	w.sending()
	return io.Copy(w.ResponseWriter, r)
}
