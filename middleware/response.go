package middleware

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/store"
)

// response lies between a server's writer and everything that answers through it, so that it sees what is sent. A
// middleware that returns has seen only what was meant to be sent: an error handler or a recovery outside may still answer.
//
// Handlers of some hosts go on in a goroutine of their own after a time limit. So a mutex guards what can still change.
type response struct {
	http.ResponseWriter // the writer below: the server's, or that of a middleware of net/http

	request arrived
	ctx     context.Context // of the request as it came in
	host    host            // makes the entry
	logs    Recorder
	notes   *notes       // what handlers said of the request; of the outermost response
	own     notes        // where notes points, in the outermost
	before  string       // the user before the handlers ran, "" for nobody
	route   string       // that Gin chose before the handlers ran
	inner   nested       // what a tracker inside knows
	c       *gin.Context // what the host is asked about, if it is Gin
	r       *http.Request
	slot    ginSlot // where Gin keeps its writer, if it is Gin
	top     ginTop  // what handlers answer through, if it is Gin

	mu          sync.Mutex
	code        int  // the final status, 0 until it is sent
	late        bool // the client had gone when the status was sent
	bytes       int64
	flushed     bool  // something has been flushed
	dirty       bool  // something was written since
	writeError  error // the first
	deadline    bool  // a handler has set a time limit of its own for writing
	hijacked    bool  // a handler has taken the connection over
	panicked    bool  // the handlers did not return
	brokeOff    bool  // the handlers did not finish, although they returned
	canceled    error // of ctx when the handlers were done: the server cancels it afterwards in any case
	outlived    bool  // the handlers went on after their request was over: Gin may serve another with their context
	sentBefore  bool  // the status was sent before they panicked
	finished    bool  // the entry has been recorded, or none is to be
	parked      bool  // found waits for the status
	found       finding
	stopWaiting func() bool // ends the wait for a status that may never be sent; or nil
}

// nested is what a tracker inside another knows of the same request.
type nested struct{ route, username string }

// finding is an entry, and what it says only until the answer has been sent.
type finding struct {
	store.Entry
	also     string // a second user to record it for, or ""
	code     int    // the status that the host was shown
	location string // where the answer seemed to lead
}

// host makes an entry of a request: for Gin, or for net/http.
type host interface {
	// find fills in r.found, and asks the host whose request it was. It returns false when the request is not to be recorded.
	find(r *response, code int) (record bool)
	// release ends what binds the response to its request.
	release(r *response)
}

// sending notes the status that is about to be sent. Informational ones are not the last word. It returns false when the
// request has been recorded by that, and r may already belong to another one.
func (r *response) sending(code int) (open bool) {
	r.mu.Lock()
	if r.code != 0 || code < http.StatusOK && code != http.StatusSwitchingProtocols {
		r.mu.Unlock()
		return true
	}
	r.code, r.late = code, r.ctx.Err() != nil
	parked := r.parked
	r.mu.Unlock()
	switch {
	case parked:
		r.unpark()
		return false
	case isStream(r.Header()):
		r.begin()
	}
	return true
}

// isStream reports whether an answer lasts as long as its page: it is recorded when it begins, as a websocket is.
func isStream(h http.Header) bool {
	contentType := value(h, "Content-Type")
	return strings.HasPrefix(contentType, "text/event-stream") || strings.HasPrefix(contentType, "multipart/x-mixed-replace")
}

// takenOver notes that a handler has hijacked the connection. What it answers there is not seen.
func (r *response) takenOver() {
	r.mu.Lock()
	r.hijacked = true
	parked := r.parked
	r.mu.Unlock()
	if parked {
		r.unpark()
	} else {
		r.begin()
	}
}

// begin records a request whose handlers are going to run for long.
func (r *response) begin() {
	r.mu.Lock()
	begun := r.finished
	r.finished = true
	code := r.code
	r.mu.Unlock()
	if begun {
		return
	}
	if r.host.find(r, code) {
		r.record()
	}
}

// leave notes how the handlers returned, and returns the status that was sent until then. It returns false if the request has
// been recorded.
func (r *response) leave(panicked bool) (code int, open bool) {
	canceled := r.ctx.Err()
	outlived := r.slot.lost() || canceled != nil && isServed(r.ResponseWriter)
	r.mu.Lock()
	r.panicked, r.sentBefore, r.canceled, r.outlived = panicked, r.code != 0, canceled, outlived
	code, open = r.code, !r.finished
	r.mu.Unlock()
	return code, open
}

// isServed reports whether the server is done with the request. Its writer panics then when it is asked for this channel.
func isServed(w http.ResponseWriter) (served bool) {
	defer func() { served = recover() != nil }()
	for w != nil {
		if n, ok := w.(closeNotifier); ok {
			n.CloseNotify()
			return false
		}
		w = below(w)
	}
	return false
}

// finish records the request whose handlers are done. code is the status that was sent, or the one that the server sends by
// itself, 0 if there is none.
func (r *response) finish(code int) {
	if r.host.find(r, code) {
		r.mu.Lock()
		if r.code == 0 {
			r.code, r.late = code, r.canceled != nil
		}
		r.mu.Unlock()
		r.record()
	}
	r.host.release(r)
}

// await records the request when its status is sent, which is going to be code unless somebody outside changes it.
func (r *response) await(code int) {
	if !r.host.find(r, code) {
		r.host.release(r)
	} else if !r.park() {
		r.record()
		r.host.release(r)
	}
}

// park keeps the entry until the status is sent. It returns false if that has happened.
func (r *response) park() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.code != 0 || r.hijacked {
		return false
	}
	r.parked = true
	if r.panicked {
		// Perhaps nobody recovers from the panic, and the server closes the connection.
		r.stopWaiting = context.AfterFunc(r.ctx, r.unpark)
	}
	return true
}

// unpark records the entry that was parked, once.
func (r *response) unpark() {
	r.mu.Lock()
	parked, stop := r.parked, r.stopWaiting
	r.parked, r.finished = false, true
	r.mu.Unlock()
	if !parked {
		return // it has been recorded meanwhile
	}
	r.record()
	if stop == nil {
		r.host.release(r)
	} else {
		stop()
	}
}

// record hands an entry over, with what is known now of how the answer ended.
func (r *response) record() {
	f := &r.found
	code, ended := r.outcome()
	if f.Code == f.code { // or else Annotate has changed it
		f.Code = code
	}
	if f.Ended == store.EndOrdinary {
		f.Ended = ended
	}
	if code != f.code && f.Location == f.location { // what was found out of the answer was not the last word
		f.Location = r.request.leads(r.Header(), f.Redirects())
	}
	r.logs.Record(f.Entry)
	if f.also != "" {
		f.Username, f.ID = f.also, ""
		r.logs.Record(f.Entry)
	}
}

// WriteHeader implements http.ResponseWriter.
func (r *response) WriteHeader(code int) {
	writer := r.ResponseWriter // recording may release r
	r.sending(code)
	writer.WriteHeader(code)
}

// Write implements http.ResponseWriter.
func (r *response) Write(b []byte) (int, error) {
	writer := r.ResponseWriter
	open := r.sending(http.StatusOK)
	n, err := writer.Write(b)
	if open {
		r.wrote(int64(n), err)
	}
	return n, err
}

// WriteString implements io.StringWriter, by which a server need not copy a text.
func (r *response) WriteString(s string) (int, error) {
	writer := r.ResponseWriter
	open := r.sending(http.StatusOK)
	n, err := io.WriteString(writer, s)
	if open {
		r.wrote(int64(n), err)
	}
	return n, err
}

// wrote notes that a part of the body was written.
func (r *response) wrote(n int64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bytes += n
	r.dirty = true
	if r.writeError == nil {
		r.writeError = err
	}
}

// SetWriteDeadline is for http.ResponseController: a handler that sets a limit of its own has no use for the server's.
func (r *response) SetWriteDeadline(deadline time.Time) error {
	r.mu.Lock()
	r.deadline = true
	r.mu.Unlock()
	return http.NewResponseController(r.ResponseWriter).SetWriteDeadline(deadline)
}

// Unwrap is for http.ResponseController.
func (r *response) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// tracked makes a response known to trackers inside.
func (r *response) tracked() *response { return r }
