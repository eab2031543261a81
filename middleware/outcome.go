package middleware

import (
	"context"
	"errors"
	"net/http"
	"os"
	"reflect"
	"strconv"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// heldBack is how many bytes of an answer net/http may keep before the client gets the first: a buffer of 2,048 bytes for
// the body and one of 4,096 for the connection.
const heldBack = 2048 + 4096

// outcome says with which status the answer ended, and how, as far as can be known here. sent is the status that was sent if
// none was seen.
func (r *response) outcome(sent int) (code int, ended store.End) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.code == 0 && sent != 0 {
		r.code, r.late = sent, r.clientGone
	}
	switch {
	case r.hijacked && upgrades(r.header):
		return http.StatusSwitchingProtocols, store.EndOrdinary
	case r.hijacked:
		return 0, store.EndUnknown
	case r.outlived && r.code == 0:
		return 0, store.EndUnknown
	case r.outlived:
		return r.code, store.EndOrdinary
	}
	if code, timedOut := r.timedOut(); timedOut {
		return code, store.EndTimedOut
	}
	switch {
	case r.clientGone && !r.isDelivered():
		return r.reached(), store.EndGaveUp
	case r.aborted:
		return r.reached(), store.EndBrokeOff
	case r.hidden && !r.panicked:
		return 0, store.EndUnknown
	case r.brokeOff, r.panicked && (r.sentBefore || r.code < http.StatusBadRequest):
		return r.code, store.EndBrokeOff
	}
	return r.code, store.EndOrdinary
}

// timedOut reports whether a time limit of the site has cut the answer off, and the status that the client got.
func (r *response) timedOut() (code int, timedOut bool) {
	if r.writeError == nil && r.canceled == nil && !r.isPastLimit() {
		return 0, false
	}
	switch {
	case errors.Is(r.writeError, http.ErrHandlerTimeout), errors.Is(r.canceled, context.DeadlineExceeded) && isTimeoutHandler(r.ResponseWriter):
		return http.StatusServiceUnavailable, true // what http.TimeoutHandler sends
	case errors.Is(r.writeError, os.ErrDeadlineExceeded), r.isPastLimit() && !r.isDelivered():
		return r.reached(), true
	}
	return 0, false
}

// isTimeoutHandler reports whether http.TimeoutHandler stands outside. It keeps the answer until the handlers are done, so a
// write that went well proves nothing.
func isTimeoutHandler(w http.ResponseWriter) bool {
	for w != nil {
		if reflect.TypeOf(w).String() == "*http.timeoutWriter" {
			return true
		}
		w = below(w)
	}
	return false
}

// isPastLimit reports whether the time for writing has run out: the handler's own limit, or else the server's.
func (x *exchange) isPastLimit() bool {
	if x.limited {
		return !x.limit.IsZero() && time.Now().After(x.limit)
	}
	server, _ := x.ctx.Value(http.ServerContextKey).(*http.Server)
	if server == nil || server.WriteTimeout <= 0 {
		return false
	}
	elapsed, _ := x.request.at.elapsed()
	return elapsed >= server.WriteTimeout
}

// isDelivered reports whether the client has got all of the answer, although the handlers were not done.
func (r *response) isDelivered() bool {
	if r.code == 0 || r.late {
		return false
	}
	if r.request.method == http.MethodHead {
		return true // over HTTP/2 the server ends the answer before the handlers
	}
	return r.isComplete() && (r.flushed && !r.dirty || r.bytes > heldBack)
}

// isComplete reports whether all of the body was written that the header promises.
func (r *response) isComplete() bool {
	if r.code == http.StatusNoContent || r.code == http.StatusNotModified {
		return true
	}
	length, err := strconv.ParseInt(value(r.answer, "Content-Length"), 10, 64)
	return err == nil && length == r.bytes
}

// reached is the status that the client got of an answer that was not completed, 0 if it got none or nobody knows.
func (x *exchange) reached() int {
	if x.late || !x.flushed && x.bytes <= heldBack {
		return 0
	}
	return x.code
}
