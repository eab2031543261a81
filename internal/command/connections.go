package command

import (
	"net"
	"net/netip"
	"runtime/debug"
	"sync"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/openconns"
)

// connectionFlags say how many connections there may be.
type connectionFlags struct {
	MaxConnections           number `default:"4096" help:"How many connections the program has open at most; when there are as many, strangers give way to those who are logged in."`
	MaxConnectionsPerAddress number `default:"256" help:"How many of them one address may have, other than this machine and --trusted-proxies; an IPv6 network of /64 counts as one."`
}

// limit returns a listener that keeps to the limits.
func (f connectionFlags) limit(listener net.Listener, trusted []netip.Prefix) (net.Listener, error) {
	if f.MaxConnections < 1 || f.MaxConnectionsPerAddress < 1 {
		return nil, usage("--max-connections is %d and --max-connections-per-address %d: use 1 or more", f.MaxConnections, f.MaxConnectionsPerAddress)
	}
	f.MaxConnections = withinFiles(f.MaxConnections, maxFiles())
	return &limitedListener{
		Listener: listener, flags: f, trusted: trusted, maxStrangers: strangersWithin(debug.SetMemoryLimit(-1)),
		open: map[*limitedConn]bool{}, perAddress: map[string]int{}, strangers: map[string]int{},
	}, nil
}

// strangersWithin is how many connections strangers may have in a process that is to use less than so many bytes of memory. A stranger is
// a client with nobody logged in. There is 1 MiB for each connection, of which a header of thousands of short lines takes a third. With
// enough memory it is 0, which stands for any number.
func strangersWithin(memory int64) int {
	if memory >= littleMemory {
		return 0
	}
	return int(max(memory>>20, minStrangers))
}

// minStrangers are enough for two browsers that open a page at the same time.
const minStrangers = 16

// ownFiles are what the program needs itself: connections to Redis, standard streams, and files that it reads.
const ownFiles = 96

// withinFiles is how many connections there may be if the process may have so many files open; 0 stands for any number. Without this
// limit, a process that has no free file would accept no connection, and so no stranger would give way.
func withinFiles(connections number, files int) number {
	if files == 0 {
		return connections
	}
	return min(connections, number(max(files-ownFiles, files/4, 1)))
}

// limitedListener accepts a limited number of connections. When there are as many, the oldest connection of a stranger gives way to a new
// one. With little memory, strangers may have only a few connections, and one address half of these. Connections from a trusted proxy or from
// this machine are not counted among those of strangers.
type limitedListener struct {
	net.Listener
	flags        connectionFlags
	trusted      []netip.Prefix
	maxStrangers int // 0 = any number

	mu         sync.Mutex
	open       map[*limitedConn]bool
	perAddress map[string]int
	strangers  map[string]int // those of strangers, by address
	strange    int            // their sum
	count      uint64         // of all there have been
}

// limitedConn is a connection that counts until it is closed.
type limitedConn struct {
	net.Conn
	listener *limitedListener
	address  string // that it counts for, "" for none
	number   uint64
	known    bool // somebody who is logged in uses it, so it is not a stranger's any more; the listener's mu guards it
}

var _ openconns.Keeper = (*limitedConn)(nil)

// Accept waits for a connection that the limits allow.
func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if limited := l.enter(conn); limited != nil {
			return limited, nil
		}
		conn.Close()
	}
}

// enter counts a connection, or returns nil where there are too many.
func (l *limitedListener) enter(conn net.Conn) net.Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	address := l.counted(conn)
	if address != "" && l.perAddress[address] >= int(l.flags.MaxConnectionsPerAddress) {
		return nil
	}
	if among := l.crowd(address); among != nil {
		oldest := l.oldestStranger(among)
		if oldest == nil {
			return nil
		}
		l.forget(oldest)
		go oldest.Conn.Close() // with TLS it may take a while
	}
	l.count++
	limited := &limitedConn{Conn: conn, listener: l, address: address, number: l.count}
	l.open[limited] = true
	if address != "" {
		l.perAddress[address]++
		l.addStranger(address, 1)
	}
	return limited
}

// crowd returns nil if there is room for one more connection from an address. Otherwise it returns a function that tells which connections
// are to be looked through for one that gives way. The caller holds mu.
func (l *limitedListener) crowd(address string) (among func(*limitedConn) bool) {
	few := address != "" && l.maxStrangers > 0
	switch {
	case few && l.strangers[address] >= l.maxStrangers/2:
		return func(c *limitedConn) bool { return c.address == address } // a browser opens others in place of those that it does not use
	case few && l.strange >= l.maxStrangers:
		return func(c *limitedConn) bool { return c.address != "" }
	case len(l.open) >= int(l.flags.MaxConnections):
		return func(*limitedConn) bool { return true }
	}
	return nil
}

// addStranger counts a connection of a stranger at an address, or with -1 one less. The caller holds mu.
func (l *limitedListener) addStranger(address string, n int) {
	l.strange += n
	if l.strangers[address] += n; l.strangers[address] == 0 {
		delete(l.strangers, address)
	}
}

// counted is the address that a connection counts for: none for those of many people.
func (l *limitedListener) counted(conn net.Conn) string {
	ip := remoteIP(conn.RemoteAddr().String())
	if !ip.IsValid() || ip.IsLoopback() || isIn(l.trusted, ip) {
		return ""
	}
	return auth.OneCustomer(ip)
}

// oldestStranger is the oldest connection of a stranger among some, nil for none.
func (l *limitedListener) oldestStranger(among func(*limitedConn) bool) (oldest *limitedConn) {
	for conn := range l.open {
		if !conn.known && among(conn) && (oldest == nil || conn.number < oldest.number) {
			oldest = conn
		}
	}
	return oldest
}

// forget counts a connection no more. The caller holds mu.
func (l *limitedListener) forget(conn *limitedConn) {
	if !l.open[conn] {
		return
	}
	delete(l.open, conn)
	if conn.address == "" {
		return
	}
	if !conn.known {
		l.addStranger(conn.address, -1)
	}
	if l.perAddress[conn.address]--; l.perAddress[conn.address] == 0 {
		delete(l.perAddress, conn.address)
	}
}

// Close closes the connection, which counts no more.
func (c *limitedConn) Close() error {
	c.listener.mu.Lock()
	c.listener.forget(c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}

// Keep notes that somebody who is logged in uses the connection.
func (c *limitedConn) Keep() {
	c.listener.mu.Lock()
	defer c.listener.mu.Unlock()
	if !c.known && c.address != "" && c.listener.open[c] {
		c.listener.addStranger(c.address, -1)
	}
	c.known = true
}
