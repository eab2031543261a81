package middleware

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"reflect"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"
)

// recording is what every adapter needs, whatever the framework.
type recording struct {
	logs   Recorder
	ignore []*regexp.Regexp
}

// newRecording checks what an adapter was given; constructor names that adapter in the panic.
func newRecording(constructor string, logs Recorder, ignore []string) recording {
	if v := reflect.ValueOf(logs); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		panic(constructor + ": there is no store to record to: pass what store.Open returned, after checking its error")
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

// upgradeWriter notices when a handler takes the connection over.
type upgradeWriter struct {
	gin.ResponseWriter
	upgraded func()
	taken    bool
}

// Hijack implements http.Hijacker.
func (w *upgradeWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := w.ResponseWriter.Hijack()
	if err == nil && !w.taken {
		w.taken = true
		w.upgraded()
	}
	return conn, buffered, err
}

// Unwrap is for http.ResponseController.
func (w *upgradeWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
