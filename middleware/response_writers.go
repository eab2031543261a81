package middleware

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
)

// closeNotifier is http.CloseNotifier, which is deprecated, and which Gin uses.
type closeNotifier interface{ CloseNotify() <-chan bool }

func capabilitiesOf(w http.ResponseWriter) (can capability) {
	if _, ok := w.(http.Flusher); ok {
		can |= flushes
	}
	if _, ok := w.(http.Hijacker); ok {
		can |= hijacks
	}
	if _, ok := w.(closeNotifier); ok {
		can |= notifies
	}
	if _, ok := w.(http.Pusher); ok {
		can |= pushes
	}
	if _, ok := w.(io.ReaderFrom); ok {
		can |= reads
	}
	return can
}

type canFlush struct{ flushing *response }

// Flush implements http.Flusher.
func (w canFlush) Flush() { _ = w.flushing.flush() }

// FlushError is for http.ResponseController.
func (w canFlush) FlushError() error { return w.flushing.flush() }

type canHijack struct{ hijacking *response }

// Hijack implements http.Hijacker.
func (w canHijack) Hijack() (net.Conn, *bufio.ReadWriter, error) { return w.hijacking.hijack() }

type canNotify struct{ notifying *response }

// CloseNotify implements http.CloseNotifier.
func (w canNotify) CloseNotify() <-chan bool { return w.notifying.closeNotify() }

type canPush struct{ pushing *response }

// Push implements http.Pusher.
func (w canPush) Push(target string, options *http.PushOptions) error {
	return w.pushing.ResponseWriter.(http.Pusher).Push(target, options)
}

type canRead struct{ reading *response }

// ReadFrom implements io.ReaderFrom, by which the server sends files without copying them.
func (w canRead) ReadFrom(from io.Reader) (int64, error) {
	r, writer := w.reading, w.reading.ResponseWriter
	open := r.sending(http.StatusOK, 0)
	n, err := writer.(io.ReaderFrom).ReadFrom(from)
	if open {
		r.wrote(n, err)
	}
	return n, err
}

// belowGin is what lies below Gin's own writer. That one calls these methods whether the server's writer has them or not, and
// fails as it would without a tracker. Only Push is asked for.
type belowGin struct{ *response }

func (w belowGin) Flush()                                       { _ = w.flush() }
func (w belowGin) Hijack() (net.Conn, *bufio.ReadWriter, error) { return w.hijack() }
func (w belowGin) CloseNotify() <-chan bool                     { return w.closeNotify() }

// belowPushingGin is belowGin over HTTP/2.
type belowPushingGin struct{ belowGin }

// Push implements http.Pusher.
func (w belowPushingGin) Push(target string, options *http.PushOptions) error {
	return w.ResponseWriter.(http.Pusher).Push(target, options)
}

// flush sends what was written so far.
func (r *response) flush() error {
	writer := r.ResponseWriter
	open := r.sending(http.StatusOK, 0)
	if open {
		r.mu.Lock()
		r.flushed, r.dirty = true, false
		r.mu.Unlock()
	}
	err := http.NewResponseController(writer).Flush()
	if open && err != nil && !errors.Is(err, http.ErrNotSupported) {
		r.wrote(0, err)
	}
	return err
}

// hijack hands the connection over to a handler.
func (r *response) hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := r.ResponseWriter.(http.Hijacker).Hijack()
	if err == nil {
		r.takenOver()
	}
	return conn, buffered, err
}

// closeNotify notes that a handler waits for the client to go. The one value of the channel is then the handler's.
func (r *response) closeNotify() <-chan bool {
	r.mu.Lock()
	r.watched = true
	r.mu.Unlock()
	return r.ResponseWriter.(closeNotifier).CloseNotify()
}

// unwrapped is what http.ResponseController finds below a response that can't be hijacked itself: perhaps something below can.
type unwrapped struct{ *response }

// Hijack implements http.Hijacker.
func (w unwrapped) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.takenOver()
	}
	return conn, buffered, err
}

// FlushError is for http.ResponseController.
func (w unwrapped) FlushError() error { return w.flush() }

// Unwrap is for http.ResponseController.
func (w unwrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Unwrap is for http.ResponseController.
func (r *response) Unwrap() http.ResponseWriter {
	if capabilitiesOf(r.ResponseWriter)&hijacks == 0 {
		return unwrapped{r}
	}
	return r.ResponseWriter
}
