package command

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/openconns"
)

// A client that reads nothing is given up, and its connection closed.
func TestAnswersThatNobodyTakesAreGivenUp(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	where, err := listen(ctx, "127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &program{log: slog.New(slog.DiscardHandler), answerTimeout: 100 * time.Millisecond}
	failed, served := make(chan error, 1), make(chan error, 1)
	page := make([]byte, 1<<20)
	go func() {
		served <- p.serve(ctx, where, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(page); err != nil {
					failed <- err
					return
				}
			}
		}))
	}()
	conn, err := net.Dial("tcp", where.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-failed:
	case <-time.After(time.Minute):
		t.Error("the server still waits for a client that reads nothing")
		conn.Close()
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// from is a connection from an address.
type from struct {
	net.Conn
	address string
	closed  chan struct{}
}

func (c from) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(c.address), 1234))
}
func (c from) Close() error { close(c.closed); return nil }

func TestConnectionsAreLimited(t *testing.T) {
	t.Parallel()
	made, err := connectionFlags{MaxConnections: 4, MaxConnectionsPerAddress: 2}.limit(nil, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
	if err != nil {
		t.Fatal(err)
	}
	l := made.(*limitedListener)
	connect := func(address string) (from, net.Conn) {
		c := from{address: address, closed: make(chan struct{})}
		return c, l.enter(c)
	}
	agent, kept := connect("203.0.113.1")
	openconns.Keep(openconns.With(t.Context(), kept))
	first, conn := connect("2001:db8::1")
	_, second := connect("2001:db8::2")
	if _, third := connect("2001:db8::3"); conn == nil || second == nil || third != nil {
		t.Errorf("of three connections of one network, there are %v, %v, %v", conn, second, third)
	}
	_, proxied := connect("10.0.0.1")
	if proxied == nil {
		t.Fatal("a proxy can't connect")
	}
	// All are taken: the oldest of a stranger gives way, and not the agent's.
	if _, newest := connect("10.0.0.1"); newest == nil {
		t.Error("nobody can connect any more")
	}
	<-first.closed
	select {
	case <-agent.closed:
		t.Error("the connection of somebody who is logged in was closed")
	default:
	}
	second.Close()
	if _, again := connect("2001:db8::3"); again == nil {
		t.Error("connections that are closed still count")
	}
	for _, flags := range []connectionFlags{{MaxConnections: 0, MaxConnectionsPerAddress: 1}, {MaxConnections: 1, MaxConnectionsPerAddress: -1}} {
		if _, err := flags.limit(nil, nil); err == nil {
			t.Errorf("%+v is no mistake", flags)
		}
	}
}
