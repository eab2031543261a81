package memredis

import (
	"net"
	"sync"
	"time"
)

// conn gives a pipe a send buffer. The pipe has none, so a client that writes a long pipeline of
// commands before it reads the answers would wait for a server that waits for it.
type conn struct {
	net.Conn
	mu     sync.Mutex
	filled *sync.Cond
	unsent []byte
	err    error
}

func newConn(pipe net.Conn) *conn {
	c := &conn{Conn: pipe}
	c.filled = sync.NewCond(&c.mu)
	go c.send()
	return c
}

// Write takes b and returns at once.
func (c *conn) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return 0, c.err
	}
	c.unsent = append(c.unsent, b...)
	c.filled.Signal()
	return len(b), nil
}

// send moves what was written into the pipe until that is closed.
func (c *conn) send() {
	for {
		c.mu.Lock()
		for len(c.unsent) == 0 && c.err == nil {
			c.filled.Wait()
		}
		out := c.unsent
		c.unsent = nil
		closed := c.err != nil
		c.mu.Unlock()
		if closed {
			return
		}
		if _, err := c.Conn.Write(out); err != nil {
			c.fail(err)
			return
		}
	}
}

func (c *conn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
	c.filled.Signal()
}

// Close closes the pipe; what was not sent yet is lost.
func (c *conn) Close() error {
	c.fail(net.ErrClosed)
	return c.Conn.Close()
}

// SetDeadline sets the deadline of reading. Writing needs none.
func (c *conn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetWriteDeadline does nothing: writing never waits.
func (c *conn) SetWriteDeadline(time.Time) error { return nil }
