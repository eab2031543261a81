package middleware

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/store"
)

// response lies between a server's writer and everything that answers through it, so that it sees what is sent. Track alone, when
// its handlers have returned, would know only what they meant to send: an error handler or a recovery outside may still answer.
//
// A response serves one request after the other. Handlers of some hosts go on in a goroutine of their own when their request
// is over, and may still call it. So a mutex guards what can change, and belongs tells one request from another.
type response struct {
	http.ResponseWriter        // the writer below: the server's, or that of a middleware of net/http
	top                 ginTop // what handlers answer through, if it is Gin

	last habit // of the context that it served last

	mu sync.Mutex
	exchange
}

// exchange is one request and its answer.
type exchange struct {
	request   arrived
	header    http.Header     // of the request, which all its copies share
	ctx       context.Context // of the request as it came in
	host      host            // makes the entry
	logs      Recorder
	outermost *response    // has the notes
	notes     notes        // what handlers said of the request
	noted     atomic.Bool  // they said something
	before    string       // the user before the handlers ran, "" for nobody
	visitors  *visitors    // of the tracker; nil where none are recorded
	visitor   *visitor     // nil where the request has no visitor's cookie, and gets none
	route     string       // that Gin chose before the handlers ran
	first     bool         // no handler of Gin ran before Track
	inner     nested       // what a tracker inside knows of the request
	c         *gin.Context // the argument of the host's functions, if the host uses Gin
	r         *http.Request
	ginSlot   ginSlot // where Gin keeps its writer, if it is Gin

	answer     http.Header // of the answer; nil when it belongs to another request
	code       int         // the final status, 0 until it is sent
	informed   bool        // an informational status was sent
	late       bool        // the client had gone when the status was sent
	bytes      int64
	flushed    bool      // something has been flushed
	dirty      bool      // something was written since
	writeError error     // the first
	limited    bool      // a handler has set a time limit of its own for writing,
	limit      time.Time // which is this; zero for none
	watched    bool      // a handler has asked to be told when the client goes

	body        io.Reader // of the request as it came in
	readLimited bool      // a handler has set a time limit of its own for reading it

	hijacked bool // a handler has taken the connection over

	panicked   bool  // the handlers have panicked
	sentBefore bool  // the status was sent before the handlers ended
	brokeOff   bool  // the handlers did not finish, although they returned, as after a recovery inside
	hidden     bool  // something between r and the server may have answered
	aborted    bool  // nobody recovered: the server closes the connection
	canceled   error // of ctx when the handlers were done: the server cancels it afterwards in any case
	clientGone bool  // the client had gone by then
	forged     bool  // the host has given a name in the form of a visitor's
	outlived   bool  // the handlers went on after their request was over: Gin may serve another with their context

	finished    bool        // the entry has been recorded, or none is to be
	parked      bool        // found waits for the end of the answer
	found       finding     // what is recorded
	stopWaiting func() bool // ends the wait for an end that may never be seen; or nil
}

// nested is what a tracker inside another knows of the same request.
type nested struct {
	route, username string
	panicked        bool // the handlers inside have panicked
	brokeOff        bool // the handlers inside did not finish, although they returned
}

// finding is an entry, and what it says only until the answer has been sent.
type finding struct {
	store.Entry
	also      string // a second user to record it for, or ""
	code      int    // the status that the host was shown
	location  string // where the answer seemed to lead
	requestID string // what the request was called
	notes     notes  // what had been said of it
}

// host makes an entry of a request: for Gin, or for net/http.
type host interface {
	// find fills in r.found, and asks the host whose request it was. It returns false when the request is not to be recorded.
	find(r *response, code int) (record bool)
	// who is the user as far as it is known while the handlers run.
	who(r *response) (username string)
	// release ends what binds the response to its request.
	release(r *response)
}

// reset forgets a request. A handler that still holds the response goes on writing to where it wrote, as without a tracker.
func (r *response) reset() {
	r.mu.Lock()
	r.exchange = exchange{}
	r.mu.Unlock()
}

// belongs reports whether a request is the one that the response is for, or a copy of it.
func (x *exchange) belongs(request *http.Request) bool {
	return request != nil && x.header != nil && reflect.ValueOf(request.Header).Pointer() == reflect.ValueOf(x.header).Pointer()
}

// isOf reports whether r is for the request of a context, which may have another request by now, or for a copy of this one.
func (r *response) isOf(c *gin.Context, request *http.Request) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return c != nil && r.c == c || r.belongs(request)
}

// said are the notes about the request.
func (r *response) said() notes {
	if !r.outermost.noted.Load() {
		return notes{}
	}
	r.outermost.mu.Lock()
	defer r.outermost.mu.Unlock()
	return r.outermost.notes
}

// sending notes the status that is about to be sent, and how many bytes of the body. Informational ones are not the last word.
// It returns false when the request has been recorded by that, and r may already belong to another one.
func (r *response) sending(code, bytes int) (open bool) {
	r.mu.Lock()
	r.bytes += int64(bytes)
	r.dirty = r.dirty || bytes > 0
	if r.code != 0 || !r.isFinal(code) {
		r.informed = r.informed || code < http.StatusOK
		r.brokeOff = r.brokeOff || isDropped(code, r.code)
		r.mu.Unlock()
		return true
	}
	r.code, r.late = code, r.ctx != nil && r.ctx.Err() != nil
	parked, running, visitor := r.parked, !r.finished && r.host != nil, r.visitor
	r.mu.Unlock()
	if visitor != nil && running {
		r.settleVisitor(visitor, parked)
	}
	switch {
	case parked:
		r.unpark()
		return false
	case running && isStream(r.answer):
		r.begin()
	}
	return true
}

// settleVisitor sets, renews or removes the visitor's cookie in the header of the answer, which is about to be sent. found tells that the
// user of the request has been found already.
func (r *response) settleVisitor(v *visitor, found bool) {
	known := r.isKnown(found)
	page := r.request.method == http.MethodGet && r.request.answered(r.answer) == store.KindPage
	r.mu.Lock()
	defer r.mu.Unlock()
	v.settle(r.Header(), known, page, time.Now())
}

// isKnown reports whether somebody is logged in, as far as is known before the answer is sent. found is that of settleVisitor.
func (r *response) isKnown(found bool) bool {
	if r.before != "" {
		return true
	}
	username := r.found.Username
	if !found {
		username = r.host.who(r)
	}
	return username != "" && !store.IsVisitor(username)
}

// guest is what is known of the visitor by now, or the zero visitor. It is a copy: handlers that go on behind a time limit may ask for a
// support code meanwhile, and so give the visitor a name.
func (r *response) guest() (v visitor) {
	if r.visitors == nil {
		return v
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.visitor != nil {
		v = *r.visitor
	}
	return v
}

// isDropped reports whether a status tells of a failure that can't be told any more, since another status has been sent. A recovery inside,
// for instance, answers what has begun. Behind a status that tells of a failure already, it may be an error handler's, which adds the body.
func isDropped(code, sent int) bool {
	return code >= http.StatusInternalServerError && sent != 0 && sent < http.StatusBadRequest
}

// isFinal reports whether a status is the last one that a server sends for a request.
func (x *exchange) isFinal(code int) bool {
	return code >= http.StatusOK && code <= 999 || code == http.StatusSwitchingProtocols && !x.request.http2
}

// isStream reports whether an answer lasts as long as its page: it is recorded when it begins, as a websocket is.
func isStream(h http.Header) bool {
	contentType := value(h, "Content-Type")
	return strings.HasPrefix(contentType, "text/event-stream") || strings.HasPrefix(contentType, "multipart/x-mixed-replace")
}

// takenOver notes that a handler has hijacked the connection. Its answers there are not seen.
func (r *response) takenOver() {
	r.mu.Lock()
	r.hijacked = true
	parked, running := r.parked, r.host != nil
	r.mu.Unlock()
	if parked {
		r.unpark()
	} else if running {
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
	if !begun && r.host.find(r, code) {
		r.record(0)
	}
}

// WriteHeader implements http.ResponseWriter.
func (r *response) WriteHeader(code int) {
	writer := r.ResponseWriter // recording may release r
	r.sending(code, 0)
	writer.WriteHeader(code)
}

// Write implements http.ResponseWriter.
func (r *response) Write(b []byte) (int, error) {
	writer := r.ResponseWriter
	open := r.sending(http.StatusOK, len(b))
	n, err := writer.Write(b)
	if open && err != nil {
		r.wrote(int64(n-len(b)), err)
	}
	return n, err
}

// WriteString implements io.StringWriter, by which a server need not copy a text.
func (r *response) WriteString(s string) (int, error) {
	writer := r.ResponseWriter
	open := r.sending(http.StatusOK, len(s))
	n, err := io.WriteString(writer, s)
	if open && err != nil {
		r.wrote(int64(n-len(s)), err)
	}
	return n, err
}

// wrote notes what became of a part of the body: how many bytes were written besides those that were known.
func (r *response) wrote(n int64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bytes += n
	r.dirty = true
	if r.writeError == nil {
		r.writeError = err
	}
}

// SetWriteDeadline is for http.ResponseController: the limit that a handler sets takes the place of the server's.
func (r *response) SetWriteDeadline(limit time.Time) error {
	r.mu.Lock()
	r.limited, r.limit = true, limit
	r.mu.Unlock()
	return http.NewResponseController(r.ResponseWriter).SetWriteDeadline(limit)
}

// SetReadDeadline is for http.ResponseController: the limit that a handler sets takes the place of the server's.
func (r *response) SetReadDeadline(limit time.Time) error {
	r.mu.Lock()
	r.readLimited = true
	r.mu.Unlock()
	return http.NewResponseController(r.ResponseWriter).SetReadDeadline(limit)
}

// tracked makes a response known to trackers inside.
func (r *response) tracked() *response { return r }
