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

// outcome says with which status the answer ended, and how, as far as can be known here.
func (r *response) outcome() (code int, ended store.End) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hijacked {
		if r.request.upgrade {
			return http.StatusSwitchingProtocols, store.EndOrdinary
		}
		return 0, store.EndUnknown
	}
	if r.outlived {
		if r.code == 0 {
			return 0, store.EndUnknown
		}
		return r.code, store.EndOrdinary
	}
	if code, timedOut := r.timedOut(); timedOut {
		return code, store.EndTimedOut
	}
	switch {
	case r.canceled == context.Canceled && r.gaveUp():
		return r.reached(), store.EndGaveUp
	case r.brokeOff, r.panicked && (r.sentBefore || r.code < http.StatusBadRequest):
		return r.code, store.EndBrokeOff
	}
	return r.code, store.EndOrdinary
}

// timedOut reports whether a time limit of the site has cut the answer off, and the status that the client got.
func (r *response) timedOut() (code int, timedOut bool) {
	switch {
	case errors.Is(r.writeError, http.ErrHandlerTimeout), r.canceled == context.DeadlineExceeded && isTimeoutHandler(r.ResponseWriter):
		return http.StatusServiceUnavailable, true // what http.TimeoutHandler sends
	case errors.Is(r.writeError, os.ErrDeadlineExceeded), r.pastWriteTimeout():
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

// pastWriteTimeout reports whether something of the answer is left to be sent after the server's time for it has run out.
func (r *response) pastWriteTimeout() bool {
	if r.deadline || r.flushed && !r.dirty && r.isComplete() {
		return false
	}
	server, _ := r.ctx.Value(http.ServerContextKey).(*http.Server)
	return server != nil && server.WriteTimeout > 0 && time.Since(r.request.at) >= server.WriteTimeout
}

// gaveUp reports whether the client went away before the answer was complete. The server cancels the context then; one that
// was canceled for a reason of the site's has another cause.
func (r *response) gaveUp() bool {
	if context.Cause(r.ctx) != context.Canceled {
		return false
	}
	return !(r.flushed && !r.dirty && r.isComplete())
}

// isComplete reports whether all of the body was written that the header promises.
func (r *response) isComplete() bool {
	if r.code == http.StatusNoContent || r.code == http.StatusNotModified {
		return true
	}
	length, err := strconv.ParseInt(value(r.Header(), "Content-Length"), 10, 64)
	return err == nil && (length == r.bytes || r.request.method == http.MethodHead)
}

// reached is the status that the client got of an answer that was not completed, 0 if it got none or nobody knows.
func (r *response) reached() int {
	if r.late || !r.flushed && r.bytes <= heldBack {
		return 0
	}
	return r.code
}
