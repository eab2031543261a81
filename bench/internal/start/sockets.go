package start

import (
	"net"
	"net/http"
	"sync/atomic"
)

// countingListener counts the connections that have become sockets and are open. A handler may return before its socket ends.
type countingListener struct {
	net.Listener
	sockets atomic.Int64
}

// countedConn is one connection. It has all methods of TCP's, so that what is written is written as without it.
type countedConn struct {
	*net.TCPConn
	sockets *atomic.Int64 // of its listener
	socket  atomic.Bool
}

func (l *countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &countedConn{TCPConn: conn.(*net.TCPConn), sockets: &l.sockets}, nil
}

// note is the hook of the server by which it tells what becomes of connections.
func (l *countingListener) note(conn net.Conn, state http.ConnState) {
	if c, ok := conn.(*countedConn); ok && state == http.StateHijacked {
		c.socket.Store(true)
		l.sockets.Add(1)
	}
}

// Close closes the connection.
func (c *countedConn) Close() error {
	if c.socket.CompareAndSwap(true, false) {
		c.sockets.Add(-1)
	}
	return c.TCPConn.Close()
}
