package middleware

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// writer returns a writer that can do what the one below can: handlers ask by type assertion.
func (r *response) writer() http.ResponseWriter {
	switch r.ResponseWriter.(type) {
	case interface {
		http.Flusher
		http.Hijacker
		closeNotifier
	}:
		return http1Writer{hijackWriter{flushWriter{r}}}
	case interface {
		http.Flusher
		http.Pusher
		closeNotifier
	}:
		return http2Writer{flushWriter{r}}
	case interface {
		http.Flusher
		http.Hijacker
	}:
		return hijackWriter{flushWriter{r}}
	case http.Flusher:
		return flushWriter{r}
	}
	return r
}

// closeNotifier is http.CloseNotifier, which is deprecated, and which Gin uses.
type closeNotifier interface{ CloseNotify() <-chan bool }

// flushWriter is the writer of a server that can flush.
type flushWriter struct{ *response }

// Flush implements http.Flusher.
func (w flushWriter) Flush() {
	_ = w.FlushError() // as http.Flusher has it
}

// FlushError is for http.ResponseController.
func (w flushWriter) FlushError() error {
	writer := w.ResponseWriter
	if w.sending(http.StatusOK) {
		w.mu.Lock()
		w.flushed, w.dirty = true, false
		w.mu.Unlock()
	}
	return http.NewResponseController(writer).Flush()
}

// hijackWriter is the writer of a server whose connection can be taken over.
type hijackWriter struct{ flushWriter }

// Hijack implements http.Hijacker.
func (w hijackWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := w.ResponseWriter.(http.Hijacker).Hijack()
	if err == nil {
		w.takenOver()
	}
	return conn, buffered, err
}

// ReadFrom implements io.ReaderFrom, by which the server sends files without copying them.
func (w hijackWriter) ReadFrom(from io.Reader) (int64, error) {
	writer := w.ResponseWriter
	open := w.sending(http.StatusOK)
	n, err := io.Copy(writer, from)
	if open {
		w.wrote(n, err)
	}
	return n, err
}

// http1Writer is the writer of a server of HTTP/1.
type http1Writer struct{ hijackWriter }

// CloseNotify is what Gin asks for in its streams.
func (w http1Writer) CloseNotify() <-chan bool {
	return w.ResponseWriter.(closeNotifier).CloseNotify()
}

// http2Writer is the writer of a server of HTTP/2.
type http2Writer struct{ flushWriter }

// CloseNotify is what Gin asks for in its streams.
func (w http2Writer) CloseNotify() <-chan bool {
	return w.ResponseWriter.(closeNotifier).CloseNotify()
}

// Push implements http.Pusher.
func (w http2Writer) Push(target string, options *http.PushOptions) error {
	return w.ResponseWriter.(http.Pusher).Push(target, options)
}
