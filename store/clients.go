package store

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// clients are a Store's own connections. They have the addresses and credentials of the client that it was given.
type clients struct {
	writer  redis.UniversalClient
	reader  redis.UniversalClient
	tracker *sendTracker // of the writer; nil where its connections can't be watched
}

// newClients derives both clients. The writer never retries, because a retried transaction may be
// written twice, and has one connection, because the order of batches is the order of the log.
func newClients(example redis.UniversalClient) clients {
	switch c := example.(type) {
	case *redis.Client:
		tracker := &sendTracker{}
		writer, reader := *c.Options(), *c.Options()
		tune(&writer, writeTimeout, -1, tracker)
		writer.PoolSize = 1
		tune(&reader, readTimeout, 1, nil)
		return clients{writer: redis.NewClient(&writer), reader: redis.NewClient(&reader), tracker: tracker}
	case *redis.ClusterClient:
		writer, reader := *c.Options(), *c.Options()
		tuneCluster(&writer, writeTimeout, -1)
		tuneCluster(&reader, readTimeout, 1)
		return clients{writer: redis.NewClusterClient(&writer), reader: redis.NewClusterClient(&reader)}
	}
	return clients{writer: shared{example}, reader: shared{example}}
}

func (c clients) close() {
	c.writer.Close()
	c.reader.Close()
}

// shared is a client that belongs to somebody else. Closing it does nothing.
type shared struct{ redis.UniversalClient }

func (shared) Close() error { return nil }

// tune gives o timeouts that hold: without ContextTimeoutEnabled go-redis ignores deadlines, and its
// own retries and dialling retries multiply every timeout.
func tune(o *redis.Options, timeout time.Duration, retries int, tracker *sendTracker) {
	o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = timeout, timeout, timeout
	o.MaxRetries, o.DialerRetries = retries, 1
	o.MinIdleConns, o.MaxActiveConns = 0, 0
	o.ContextTimeoutEnabled = true
	o.Protocol = 2 // in the third one go-redis looks for notifications before each reply, of which there are none
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	dial := dialFunc(o.Dialer)
	o.DialTimeout = timeout
	o.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		conn, err := dial(ctx, network, address)
		switch {
		case err != nil:
			return brokenConn{err: dialError{err}}, nil
		case tracker != nil:
			return tracker.track(conn), nil
		}
		return conn, nil
	}
}

// brokenConn stands for a connection that could not be made: whatever is done with it fails as the dialling did.
//
// go-redis prints a line for each time that it fails to connect, to a logger that is its host's, and a pool that has failed as
// often as it has places tries only once a second. It does neither for a connection that breaks. The store logs an outage once.
type brokenConn struct {
	net.Conn // nil: what is not below is not used
	err      error
}

// dialError is what go-redis unwraps once when it can't set a new connection up.
type dialError struct{ error }

// Unwrap is for errors.As.
func (e dialError) Unwrap() error { return e.error }

func (c brokenConn) Read([]byte) (int, error)         { return 0, c.err }
func (c brokenConn) Write([]byte) (int, error)        { return 0, c.err }
func (c brokenConn) Close() error                     { return nil }
func (c brokenConn) LocalAddr() net.Addr              { return &net.UnixAddr{} }
func (c brokenConn) RemoteAddr() net.Addr             { return &net.UnixAddr{} }
func (c brokenConn) SetDeadline(time.Time) error      { return nil }
func (c brokenConn) SetReadDeadline(time.Time) error  { return nil }
func (c brokenConn) SetWriteDeadline(time.Time) error { return nil }

// tuneCluster is tune for the nodes of a cluster.
func tuneCluster(o *redis.ClusterOptions, timeout time.Duration, retries int) {
	o.ReadTimeout, o.WriteTimeout, o.PoolTimeout, o.DialTimeout = timeout, timeout, timeout, timeout
	o.MaxRetries, o.DialerRetries = retries, 1
	o.MinIdleConns, o.MaxActiveConns = 0, 0
	o.ContextTimeoutEnabled = true
	o.Protocol = 2 // in the third one go-redis looks for notifications before each reply, of which there are none
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	dial := dialFunc(o.Dialer)
	if dial == nil {
		dial = redis.NewDialer(&redis.Options{DialTimeout: timeout, TLSConfig: o.TLSConfig})
	}
	o.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return brokenConn{err: dialError{err}}, nil
		}
		return conn, nil
	}
}

// sendTracker tells whether a transaction can have reached Redis. It takes effect only when its last
// bytes, EXEC, have arrived: if the last write failed, or nothing but the handshake of a new
// connection was written, it has not.
type sendTracker struct {
	begun, sent atomic.Bool
}

// begin forgets what was sent before.
func (t *sendTracker) begin() {
	if t != nil {
		t.begun.Store(false)
		t.sent.Store(false)
	}
}

// wrote notes that b was written, in whole unless err is not nil.
func (t *sendTracker) wrote(b []byte, err error) {
	const multi = "*1\r\n$5\r\nmulti\r\n"
	if len(b) >= len(multi) && strings.EqualFold(string(b[:len(multi)]), multi) {
		t.begun.Store(true)
	}
	t.sent.Store(t.begun.Load() && err == nil)
}

// mayHaveArrived reports whether a transaction that failed with err can have taken effect. Where
// connections are not watched, only a failure to connect proves that it has not.
func (t *sendTracker) mayHaveArrived(err error) bool {
	if t != nil {
		return t.sent.Load()
	}
	var failed *net.OpError
	return !errors.As(err, &failed) || failed.Op != "dial"
}

// track watches what is written to conn. A connection that has a file descriptor keeps showing it,
// since that is how go-redis finds out that an idle connection was closed.
func (t *sendTracker) track(conn net.Conn) net.Conn {
	tracked := trackedConn{Conn: conn, tracker: t}
	if raw, ok := conn.(syscall.Conn); ok {
		return struct {
			trackedConn
			syscall.Conn
		}{tracked, raw}
	}
	return tracked
}

type trackedConn struct {
	net.Conn
	tracker *sendTracker
}

func (c trackedConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.tracker.wrote(b, err)
	return n, err
}
