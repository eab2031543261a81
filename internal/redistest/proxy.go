//go:build unix

package redistest

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// Proxy passes connections on to a server, which can be replaced by another one. So it is what a name in DNS or a load balancer
// in front of Redis is. Its methods may be called from several goroutines.
type Proxy struct {
	Address string // host:port

	listener net.Listener
	links    sync.WaitGroup

	mu     sync.Mutex
	target string
	conns  map[net.Conn]bool
	closed bool
}

// StartProxy starts a proxy to a server at host:port. It ends at the end of the test.
func StartProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", loopback+":0")
	if err != nil {
		t.Fatalf("start a proxy: %v", err)
	}
	p := &Proxy{Address: listener.Addr().String(), listener: listener, target: target, conns: make(map[net.Conn]bool)}
	p.links.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

// SwitchTo passes new connections on to another server. Those that are there stay with the old one.
func (p *Proxy) SwitchTo(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

// Cut closes all connections. New ones are accepted.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.conns {
		conn.Close()
	}
}

func (p *Proxy) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.links.Go(func() { p.link(conn) })
	}
}

// link connects both ends, until one of them is closed.
func (p *Proxy) link(client net.Conn) {
	defer client.Close()
	p.mu.Lock()
	target := p.target
	p.mu.Unlock()
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer server.Close()
	if !p.add(client, server) {
		return
	}
	defer p.remove(client, server)
	var up sync.WaitGroup
	up.Go(func() {
		_, _ = io.Copy(server, client)
		server.Close()
	})
	_, _ = io.Copy(client, server)
	client.Close()
	up.Wait()
}

// add remembers connections to be closed. It returns false when the proxy has been closed.
func (p *Proxy) add(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		p.conns[conn] = true
	}
	return !p.closed
}

func (p *Proxy) remove(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		delete(p.conns, conn)
	}
}

func (p *Proxy) close() {
	p.listener.Close()
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.Cut()
	p.links.Wait()
}

// Distant returns a dialer whose connections take so long for each answer, as if the server was far away. A write returns at
// once, as one into a socket does.
func Distant(dial Dialer, delay time.Duration) Dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		d := &distantConn{Conn: conn, delay: delay, letters: make(chan letter, 10_000), closed: make(chan struct{})}
		go d.deliver()
		return d, nil
	}
}

// distantConn is a connection on which what is written takes a while.
type distantConn struct {
	net.Conn
	delay   time.Duration
	letters chan letter
	closed  chan struct{}
	closing sync.Once
}

// letter is what was written at one time.
type letter struct {
	text []byte
	due  time.Time
}

func (c *distantConn) Write(b []byte) (int, error) {
	select {
	case <-c.closed:
		return 0, net.ErrClosed
	case c.letters <- letter{append([]byte(nil), b...), time.Now().Add(c.delay)}:
		return len(b), nil
	}
}

func (c *distantConn) Close() error {
	c.closing.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// deliver writes each letter when it is due.
func (c *distantConn) deliver() {
	for {
		select {
		case <-c.closed:
			return
		case l := <-c.letters:
			select {
			case <-c.closed:
				return
			case <-time.After(time.Until(l.due)):
			}
			if _, err := c.Conn.Write(l.text); err != nil {
				c.Conn.Close()
				return
			}
		}
	}
}
