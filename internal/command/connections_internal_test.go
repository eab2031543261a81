package command

import (
	"fmt"
	"math"
	"net"
	"testing"

	"github.com/gin-userlog/userlog/internal/openconns"
)

func TestConnectionsWithinFiles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		connections number
		files       int
		want        number
	}{{4096, 0, 4096}, {4096, 1 << 20, 4096}, {4096, 1024, 928}, {4096, 256, 160}, {4096, 100, 25}, {4096, 1, 1}, {10, 256, 10}} {
		if got := withinFiles(c.connections, c.files); got != c.want {
			t.Errorf("%d connections and %d files: %d, want %d", c.connections, c.files, got, c.want)
		}
	}
}

func TestStrangersWithinMemory(t *testing.T) {
	t.Parallel()
	for memory, want := range map[int64]int{math.MaxInt64: 0, 256 << 20: 0, 48 << 20: 48, 1 << 20: minStrangers} {
		if got := strangersWithin(memory); got != want {
			t.Errorf("%d strangers in %d bytes, want %d", got, memory, want)
		}
	}
	if headerBytes(48<<20) >= headerBytes(math.MaxInt64) {
		t.Error("headers are as long with little memory")
	}
}

// With little memory, an address of a stranger can neither take all of it nor keep others out, and who is logged in is no stranger.
func TestStrangersHaveFewConnections(t *testing.T) {
	t.Parallel()
	made, err := connectionFlags{MaxConnections: 100, MaxConnectionsPerAddress: 50}.limit(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	l := made.(*limitedListener)
	l.maxStrangers = 6
	connect := func(address string) (from, net.Conn) {
		c := from{address: address, closed: make(chan struct{})}
		return c, l.enter(c)
	}
	_, neighbour := connect("203.0.113.3")
	first, _ := connect("203.0.113.1")
	for range 9 {
		if _, conn := connect("203.0.113.1"); conn == nil {
			t.Error("a stranger can't connect any more")
		}
	}
	<-first.closed // its own gave way
	if n := l.strangers["203.0.113.1"]; n != 3 || !l.open[neighbour.(*limitedConn)] {
		t.Errorf("one address has %d connections, and its neighbour %v", n, l.open[neighbour.(*limitedConn)])
	}
	agents := make([]from, 10)
	for n := range agents {
		agent, conn := connect("203.0.113.2")
		if conn == nil {
			t.Fatalf("the %d. connection of an agent is refused", n+1)
		}
		agents[n] = agent
		openconns.Keep(openconns.With(t.Context(), conn))
		conn.(*limitedConn).Keep() // once more changes nothing
	}
	for n := range 10 {
		if _, conn := connect(fmt.Sprint("203.0.113.", 10+n)); conn == nil {
			t.Errorf("another stranger can't connect")
		}
	}
	if _, conn := connect("127.0.0.1"); conn == nil || l.strange != 6 {
		t.Errorf("a proxy on this machine gets %v; there are %d strangers", conn, l.strange)
	}
	for _, agent := range agents {
		select {
		case <-agent.closed:
			t.Error("an agent gave way")
		default:
		}
	}
	for conn := range l.open {
		conn.listener.forget(conn)
	}
	if l.strange != 0 || len(l.strangers) != 0 || len(l.perAddress) != 0 {
		t.Errorf("%d strangers are left: %v, %v", l.strange, l.strangers, l.perAddress)
	}
}
