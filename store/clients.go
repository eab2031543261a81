package store

import (
	"bytes"
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// clients are a Store's own connections. They have the addresses and credentials of the client that it was given.
type clients struct {
	writer  redis.UniversalClient
	reader  redis.UniversalClient
	tracker *sendTracker      // of the writer; nil where its connections can't be watched
	follows *sentinelFollower // nil where there are no sentinels
}

// newClients derives both clients. The writer never retries, because a retried transaction may be
// written twice, and has one connection, because the order of batches is the order of the log.
func newClients(example redis.UniversalClient) clients {
	switch c := example.(type) {
	case *redis.Client:
		tracker := &sendTracker{}
		var read *sendTracker
		if isFailover(c) {
			read = &sendTracker{}
		}
		writer, reader := *c.Options(), *c.Options()
		tune(&writer, writeTimeout, -1, tracker)
		writer.PoolSize = 1
		tune(&reader, readTimeout, 1, read)
		return clients{
			writer: redis.NewClient(&writer), reader: redis.NewClient(&reader), tracker: tracker,
			follows: newSentinelFollower(c, tracker, read),
		}
	case *redis.ClusterClient:
		writer, reader := *c.Options(), *c.Options()
		// A client adds nodes to its addresses. So the host's client, the writer and the reader must not share them.
		writer.Addrs, reader.Addrs = slices.Clone(writer.Addrs), slices.Clone(reader.Addrs)
		tuneCluster(&writer, writeTimeout, -1)
		tuneCluster(&reader, readTimeout, 1)
		return clients{writer: following(redis.NewClusterClient(&writer), batchBudget), reader: following(redis.NewClusterClient(&reader), readTimeout)}
	}
	return clients{writer: shared{example}, reader: shared{example}}
}

// newShardClient returns a client for the logs of one shard, with one connection, from the options of the node.
func newShardClient(node *redis.Options) (*redis.Client, *sendTracker) {
	options, tracker := *node, &sendTracker{}
	tune(&options, writeTimeout, -1, tracker)
	options.PoolSize = 1
	return redis.NewClient(&options), tracker
}

// following has a client of a Cluster ask for the topology whenever a node does not answer. By itself go-redis asks once in
// ten seconds or a minute. Without following, a command for a key of a dead master would fail for as long after the replica has taken over.
// The limit is the time for a command or a pipeline with all its attempts at all nodes: go-redis limits each attempt only.
func following(client *redis.ClusterClient, limit time.Duration) *redis.ClusterClient {
	client.AddHook(follower{client, limit})
	return client
}

// follower is the hook of following.
type follower struct {
	client *redis.ClusterClient
	limit  time.Duration
}

func (f follower) DialHook(next redis.DialHook) redis.DialHook { return next }

func (f follower) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, command redis.Cmder) error {
		ctx, cancel := context.WithTimeout(ctx, f.limit)
		defer cancel()
		err := next(ctx, command)
		f.note(ctx, err)
		return onTheWay(command, err)
	}
}

func (f follower) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		ctx, cancel := context.WithTimeout(ctx, f.limit)
		defer cancel()
		err := next(ctx, commands)
		f.note(ctx, err)
		for _, command := range commands {
			if each := onTheWay(command, command.Err()); each != nil && redisreply.IsRedirection(err) {
				err = each
			}
		}
		return err
	}
}

// slotMoves is the error of a command whose slot is on its way to another master of a Cluster, if the client has followed the slot
// in vain. Only a client of a Cluster wraps that answer in slotMoves. To a client of one server, the answer means that the
// server is a node of a Cluster.
type slotMoves struct{ error }

// Unwrap is for errors.As.
func (e slotMoves) Unwrap() error { return e.error }

// onTheWay wraps the error of a command in slotMoves, if the command failed because its slot is on its way.
func onTheWay(command redis.Cmder, err error) error {
	if err == nil || !redisreply.IsRedirection(err) {
		return err
	}
	err = slotMoves{err}
	command.SetErr(err)
	return err
}

// note asks for the topology, in the background, if err says that a connection failed or that a slot has no master.
func (f follower) note(ctx context.Context, err error) {
	if err != nil && (!redisreply.Is(err) || redis.HasErrorPrefix(err, "CLUSTERDOWN")) {
		f.client.ReloadState(ctx)
	}
}

func (c clients) close() {
	c.follows.close()
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
	o.MinRetryBackoff, o.MaxRetryBackoff = 0, 0 // go-redis' own, which are milliseconds
	o.MinIdleConns, o.MaxActiveConns = 0, 0
	o.ContextTimeoutEnabled = true
	o.Limiter = nil // the host's commands are not refused because the Store's have failed, nor the other way round
	o.Protocol = 2  // in the third one go-redis looks for notifications before each reply, of which there are none
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	dial := dialFunc(o.Dialer)
	o.DialTimeout = timeout
	o.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		conn, err := dial(ctx, network, address)
		switch {
		case err != nil:
			return brokenConn{err: dialError{notAReply(err)}}, nil
		case tracker != nil:
			return tracker.track(conn), nil
		}
		return conn, nil
	}
}

// brokenConn stands for a connection that could not be made: whatever is done with it fails as the dialling did.
//
// When go-redis fails to connect, it prints a line to the host's logger each time. And a pool that has failed as often as it has
// places tries only once a second. When a connection breaks, go-redis does neither. The store itself logs an outage once.
type brokenConn struct {
	net.Conn // nil: nobody calls the methods that are not below
	err      error
}

// notAReply is an error of dialling that does not pass for a reply of Redis. Sentinels reply, too, when they are asked for an address. With
// such a reply go-redis would take a connection that has never been made for a good one, and a nil for a key that is not there.
func notAReply(err error) error {
	if redisreply.Is(err) {
		return errors.New(err.Error())
	}
	return err
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

// tuneCluster is tune for the nodes of a Cluster. Replicas are asked for nothing, also where the host reads from them. Their data may be
// older than what the feed has told.
func tuneCluster(o *redis.ClusterOptions, timeout time.Duration, retries int) {
	o.ReadOnly, o.RouteByLatency, o.RouteRandomly = false, false, false
	o.ReadTimeout, o.WriteTimeout, o.PoolTimeout, o.DialTimeout = timeout, timeout, timeout, timeout
	o.MaxRetries, o.DialerRetries, o.MaxRedirects = retries, 1, 0 // go-redis' own number of redirections
	o.MinRetryBackoff, o.MaxRetryBackoff = 0, 0
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
			return brokenConn{err: dialError{notAReply(err)}}, nil
		}
		return conn, nil
	}
	if open := o.NewClient; open != nil {
		o.NewClient = func(node *redis.Options) *redis.Client {
			client := open(node)
			client.Options().Limiter = nil // as in tune
			return client
		}
	}
	if slots := o.ClusterSlots; slots != nil {
		o.ClusterSlots = func(ctx context.Context) ([]redis.ClusterSlot, error) {
			found, err := slots(ctx)
			return found, notAReply(err)
		}
	}
}

// sendTracker tells whether Redis can have got what a writer sent. A transaction takes effect only when its last bytes, EXEC,
// have arrived. It has had no effect if the last write failed, or if only the handshake of a new connection was written. In
// a pipeline of scripts, each script takes effect by itself.
//
// The tracker also ends connections. And it lets no entries through on a new connection until the writer has asked there whether
// the server still has all entries that were confirmed.
type sendTracker struct {
	begun, scripts, sent atomic.Bool
	asks                 atomic.Bool // of new connections

	mu    sync.Mutex
	conns map[*trackedConn]bool
}

// errNotAsked is why no entries are sent on a new connection: it may lead to another server than the one that confirmed the last batch.
var errNotAsked = errors.New("a new connection was not asked yet what its server has")

// begin forgets what was sent before. asks says whether new connections have to be asked before entries are sent on them.
func (t *sendTracker) begin(asks bool) {
	if t != nil {
		t.begun.Store(false)
		t.scripts.Store(false)
		t.sent.Store(false)
		t.asks.Store(asks)
	}
}

// asked notes that the connections have been asked, or need not be.
func (t *sendTracker) asked() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for conn := range t.conns {
		conn.asked.Store(true)
	}
}

// wrote notes that n bytes of b were written, in whole unless err is not nil.
func (t *sendTracker) wrote(b []byte, n int, err error) {
	switch {
	case t.begun.Load():
	case begins(b, "multi"):
		t.begun.Store(true)
	case begins(b, "evalsha"):
		t.begun.Store(true)
		t.scripts.Store(true)
	}
	if t.scripts.Load() {
		t.sent.Store(t.sent.Load() || n > 0)
		return
	}
	t.sent.Store(t.begun.Load() && err == nil)
}

// begins reports whether b begins with a command.
func begins(b []byte, command string) bool {
	_, rest, _ := bytes.Cut(b[:min(len(b), 32)], []byte("\r\n")) // behind the number of arguments
	_, rest, _ = bytes.Cut(rest, []byte("\r\n"))                 // and the length of the name
	return len(rest) > len(command) && strings.EqualFold(string(rest[:len(command)]), command)
}

// hangUp closes all connections, so that the next attempt makes a new one.
func (t *sendTracker) hangUp() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for conn := range t.conns {
		conn.Conn.Close()
	}
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
	tracked := &trackedConn{Conn: conn, tracker: t}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conns == nil {
		t.conns = make(map[*trackedConn]bool)
	}
	t.conns[tracked] = true
	if raw, ok := conn.(syscall.Conn); ok {
		return struct {
			*trackedConn
			syscall.Conn
		}{tracked, raw}
	}
	return tracked
}

type trackedConn struct {
	net.Conn
	tracker *sendTracker
	asked   atomic.Bool
}

func (c *trackedConn) Write(b []byte) (int, error) {
	if c.tracker.asks.Load() && !c.asked.Load() && (begins(b, "multi") || begins(b, "evalsha")) {
		return 0, errNotAsked
	}
	n, err := c.Conn.Write(b)
	c.tracker.wrote(b, n, err)
	return n, err
}

func (c *trackedConn) Close() error {
	c.tracker.mu.Lock()
	delete(c.tracker.conns, c)
	c.tracker.mu.Unlock()
	return c.Conn.Close()
}
