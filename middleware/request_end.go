package middleware

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/store"
)

const (
	// endGrace is how long a tracker waits for the end of an answer after the server has let go of the request. A recovery outside
	// may still answer.
	endGrace = time.Second

	// goneGrace is how long a canceled request waits for the server to say that the client has gone. The server says so just
	// after it has canceled.
	goneGrace = 50 * time.Millisecond
)

// leave notes how the handlers returned, and returns the status that was sent until then. It returns false if the request has
// been recorded.
func (r *response) leave(panicked bool) (code int, open bool) {
	canceled, outlived, clientGone := r.ctx.Err(), r.ginSlot.lost(), false
	if canceled != nil && !outlived {
		server := lowest(r.ResponseWriter)
		outlived = isServed(server)
		//lint:ignore errorlint the site may wrap this very error in a cause of its own
		clientGone = !outlived && canceled == context.Canceled && context.Cause(r.ctx) == canceled && r.hasGone(server) && !r.bodyIsLate(server)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if v := r.visitor; v != nil && r.code == 0 && !outlived && !panicked && !r.hijacked && !r.finished {
		r.mu.Unlock()
		r.settleVisitor(v, false) // the server sends the header next, without calling the response
		r.mu.Lock()
	}
	if outlived {
		r.answer = nil
	}
	r.panicked, r.sentBefore, r.canceled, r.clientGone, r.outlived = panicked, r.code != 0, canceled, clientGone, outlived
	return r.code, !r.finished
}

// lowest is the writer at the bottom, as far as it can be seen.
func lowest(w http.ResponseWriter) http.ResponseWriter {
	for next := below(w); next != nil; next = below(w) {
		w = next
	}
	return w
}

// isServed reports whether the server is done with the request. Its writer panics then when it is asked for this channel.
func isServed(server http.ResponseWriter) (served bool) {
	n, ok := server.(closeNotifier)
	if !ok {
		return false
	}
	defer func() {
		text, _ := recover().(string)
		served = strings.Contains(text, "CloseNotify called after")
	}()
	n.CloseNotify()
	return false
}

// hasGone reports whether it was the client's going that canceled the request. A site may cancel requests by itself, when it
// shuts down. Where the server can't tell, or has told a handler, the cancellation is taken for the client's. A server that has got no more of
// the request's body does not tell: there a write has failed.
func (r *response) hasGone(server http.ResponseWriter) bool {
	r.mu.Lock()
	watched, failed := r.watched, r.writeError
	r.mu.Unlock()
	n, ok := server.(closeNotifier)
	if !ok || watched || errors.As(failed, new(*net.OpError)) {
		return true
	}
	limit := time.NewTimer(goneGrace)
	defer limit.Stop()
	select {
	case <-n.CloseNotify():
		return true
	case <-limit.C:
		return false
	}
}

// bodyIsLate reports whether the request was canceled because its body did not come within the server's ReadTimeout. Over HTTP/1, the server
// says then that the client has gone, and sends the answer all the same. The same error comes at once when the body is read again. A limit of
// the handler's own may have been lifted meanwhile, so that reading would wait.
func (r *response) bodyIsLate(server http.ResponseWriter) bool {
	r.mu.Lock()
	body, askable := r.body, !r.watched && !r.hijacked && !r.readLimited && r.writeError == nil && !r.request.http2
	r.mu.Unlock()
	config, _ := r.ctx.Value(http.ServerContextKey).(*http.Server)
	_, tells := server.(closeNotifier)
	if !tells || !askable || body == nil || body == http.NoBody || config == nil || config.ReadTimeout <= 0 {
		return false
	}
	defer func() { _ = recover() }() // a goroutine of the host's may be reading
	_, err := body.Read(make([]byte, 1))
	return errors.Is(err, os.ErrDeadlineExceeded)
}

// finish records the request whose handlers are done. code is the status that was sent, or the one that the server sends by
// itself, 0 if there is none.
func (r *response) finish(code int) {
	if r.host.find(r, code) {
		r.record(code)
	}
	r.host.release(r)
}

// await records the request when its answer ends. code is the status that is expected; the answer may end with another one.
func (r *response) await(code int) {
	if !r.host.find(r, code) {
		r.host.release(r)
	} else if !r.park() {
		r.record(0)
		r.host.release(r)
	}
}

// park keeps the entry until the answer ends. It returns false if nothing is left to wait for.
func (r *response) park() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hijacked || r.code != 0 && (!r.panicked || r.ctx.Done() == nil) {
		return false
	}
	r.parked = true
	server := lowest(r.ResponseWriter) // not later: what lies between may serve another request then
	r.stopWaiting = context.AfterFunc(r.ctx, func() { r.lose(server) })
	return true
}

// lose is called when the server has let go of a request. It waits a little for a status, and then records the request without one.
func (r *response) lose(server http.ResponseWriter) {
	time.AfterFunc(endGrace, func() {
		served := isServed(server)
		r.mu.Lock()
		switch {
		case !r.parked || r.code != 0 && served:
		case !served:
			r.aborted, r.brokeOff = true, true // a panic went all the way
		case server == r.ResponseWriter:
			r.code = http.StatusOK // what the server sends by itself
		default:
			r.hidden = true // something below may have answered
		}
		r.mu.Unlock()
		r.unpark()
	})
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
	if r.refresh() {
		r.record(0)
	}
	stop()
}

// refresh brings the finding up to date with what handlers have said and answered since. It returns false if the request is not
// to be recorded.
func (r *response) refresh() bool {
	f, said := &r.found, r.said()
	if said.skip || said.named && said.username == "" {
		return false
	}
	if said != f.notes {
		said.tell(&f.Entry)
		if said.named {
			f.Username = r.ofHost(said.username)
		}
	}
	if f.Location == f.location {
		f.Location = r.request.leads(r.answer, &store.Entry{Code: r.code})
		f.location = f.Location
	}
	if f.RequestID == f.requestID {
		f.RequestID = r.request.requestID(r.answer)
	}
	return true
}

// record hands an entry over, with what is known now of how the answer ended. sent is the status that was sent if none was seen.
func (r *response) record(sent int) {
	f := &r.found
	code, ended := r.outcome(sent)
	if f.Code == f.code { // or else Annotate has changed it
		f.Code = code
	}
	if f.Ended == store.EndOrdinary || f.Ended == store.EndRedirected {
		if f.Ended = ended; ended == store.EndOrdinary && r.request.goesElsewhere(r.answer, f.Code) {
			f.Ended = store.EndRedirected
		}
	}
	if code != f.code && f.Location == f.location { // the answer has ended with another status than was known when it was read
		f.Location = r.request.leads(r.answer, &f.Entry)
	}
	if v := r.guest(); v.joins(&f.Entry) {
		v.of.logs.Join(v.name, f.Entry)
	} else {
		r.logs.Record(f.Entry)
	}
	if f.also != "" {
		f.Username, f.ID, f.Reference = f.also, "", "" // a reference leads to one log only
		r.logs.Record(f.Entry)
	}
}
