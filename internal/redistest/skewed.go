package redistest

import (
	"bytes"
	"context"
	"net"
	"strconv"
	"time"
)

// Skewed returns a dialer to servers whose clock seems to be ahead by whole seconds, or behind: their answers to TIME are changed. Scripts
// are told the time as it is.
func Skewed(dial Dialer, ahead time.Duration) Dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &skewedConn{Conn: conn, ahead: ahead}, nil
	}
}

// skewedConn is a connection that changes the answer to TIME.
type skewedConn struct {
	net.Conn
	ahead time.Duration
	asked bool
}

func (c *skewedConn) Write(b []byte) (int, error) {
	c.asked = bytes.Contains(b, []byte("$4\r\ntime\r\n"))
	return c.Conn.Write(b)
}

func (c *skewedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	const head = "*2\r\n$10\r\n"
	if c.asked && bytes.HasPrefix(b[:n], []byte(head)) {
		digits := b[len(head) : len(head)+10]
		seconds, _ := strconv.ParseInt(string(digits), 10, 64)
		copy(digits, strconv.FormatInt(seconds+int64(c.ahead/time.Second), 10))
	}
	return n, err
}
