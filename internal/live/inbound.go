package live

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"time"
)

// maxInboundBytes is how much a viewer may send in a minute: more than twenty messages of the largest size, and a
// pong for each ping. Frames that are no message, such as pings and empty fragments, count as well.
const maxInboundBytes = 32 << 10

var errFlooded = errors.New("live: the viewer has sent too much")

// countingWriter is a response whose connection, once it is a websocket's, counts what the viewer sends.
type countingWriter struct {
	http.ResponseWriter
	flooded func() // called once, when it was too much
}

// Unwrap lets http.ResponseController find what the response can do.
func (w countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Hijack takes the connection over.
func (w countingWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil || buffered.Reader.Buffered() > 0 {
		return conn, buffered, err // what was sent before the answer ends the handshake
	}
	counting := &countingConn{Conn: conn, flooded: w.flooded}
	return counting, bufio.NewReadWriter(bufio.NewReaderSize(counting, maxInbound), buffered.Writer), nil
}

// countingConn counts what is read in each minute. One goroutine reads.
type countingConn struct {
	net.Conn
	flooded func()

	count int
	since time.Time
}

// Read reads until it was too much.
func (c *countingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if now := time.Now(); now.Sub(c.since) > time.Minute {
		c.since, c.count = now, 0
	}
	if c.count += n; c.count > maxInboundBytes {
		c.flooded()
		return 0, errFlooded
	}
	return n, err
}

// NetConn is the connection below, for those who have to close that.
func (c *countingConn) NetConn() net.Conn { return c.Conn }
