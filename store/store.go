package store

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/feed"
	"github.com/gin-userlog/userlog/store/internal/keys"
	"github.com/gin-userlog/userlog/store/internal/mask"
)

// ErrClosed is returned by every method that can't work after [Store.Close].
var ErrClosed = feed.ErrClosed

// Store is a user log in Redis: the place that applications record to and that the admin reads.
// All methods may be called from several goroutines. Nothing connects before it is needed, and a
// Redis that is away is tried again for as long as the Store is open.
type Store struct {
	options  Options
	keys     keys.Keys
	address  string
	clients  clients
	index    *indexReader
	known    *knownNames
	recorder *recorder
	feed     *feed.Feed
	panics   hostPanics
	masker   *mask.Masker
	clock    *redisClock
	joins    *joins
	closing  sync.Once
	closers  []func()
	supports *supportCodes
}

// newStore returns a Store for what client leads to, which people know by name. The options have their defaults.
func newStore(client redis.UniversalClient, name string, options Options) (*Store, error) {
	keys, err := options.names(database(client))
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	s := &Store{options: options, keys: keys, address: name}
	s.masker = mask.New(options.MaskQuery, options.AllowQuery)
	s.panics = hostPanics{log: options.Logger, mask: s.masker}
	s.clients = newClients(client)
	s.clock = &redisClock{client: s.clients.reader}
	s.index = &indexReader{client: s.clients.reader, layout: newIndexLayout(s.clients.reader, keys, options)}
	s.known = newKnownNames(s.index, options.Retention, s.Now)
	s.joins, s.supports = newJoins(), newSupportCodes()
	s.recorder = newRecorder(options)
	s.recorder.start(s.newWriter())
	s.feed = feed.New(feed.Options{
		Client: s.clients.reader, Keys: keys, MaxEntries: options.MaxEntries, Retention: options.Retention,
		NoPublish: options.NoPublish, Sharded: options.sharded(client), Log: options.Logger, Decode: decodeForFeed, DecodeNamed: decodeNamedForFeed, Reports: s.anyReports, Users: s.newestUsers, Private: IsVisitor,
		ReportInterval: HeartbeatInterval, Silence: Silence,
	})
	return s, nil
}

// newWriter returns what writes the entries, until the queue is empty after intake has ended.
func (s *Store) newWriter() (write func()) {
	index := newUserIndex(newIndexLayout(s.clients.writer, s.keys, s.options), s.options)
	if cluster, ok := s.clients.writer.(*redis.ClusterClient); ok {
		return newClusterWriter(s.recorder, cluster, index, s.keys, s.options, s.options.sharded(cluster)).run
	}
	w := newWriter(s.recorder, s.clients.writer, s.clients.tracker, index, s.keys, s.options)
	if _, single := s.clients.writer.(*redis.Client); single {
		w.confirmed = &confirmed{key: s.keys.Confirmed(w.process())}
	}
	return w.run
}

// Record queues an entry to be written to Redis. It takes less than a microsecond, since it never
// blocks, never fails and never touches the network. [Store.Stats] counts what becomes of the entry. An entry
// without an ID or Time gets them. Record keeps nothing of e's Extra map.
func (s *Store) Record(e Entry) {
	if !s.joins.hold(&e) {
		s.recorder.record(&e)
	}
}

// HostPanicked counts an entry that can't be recorded, because a function of the application panicked that says
// something about it, such as whose it is. Once a minute the value of the panic, masked and cut at 200 bytes, and its place
// are logged. The middleware calls it, from the deferred function that recovered. It does not block.
func (s *Store) HostPanicked(value any) {
	s.recorder.hostPanicked()
	s.panics.note(value)
}

// Announce says that this process is going to record. From now on the process writes a heartbeat every 15 seconds, also
// when nobody makes a request. The middleware calls it. A process that only reads must not. It does not block.
func (s *Store) Announce() {
	select {
	case s.recorder.announced <- struct{}{}:
	default:
	}
}

// Stats returns the counts of what became of every entry that was recorded through this Store.
func (s *Store) Stats() Stats { return s.recorder.snapshot() }

// Options returns the options in force, defaults filled in.
func (s *Store) Options() Options { return s.options }

// KeyPrefix is the beginning of each of this store's keys, for packages that keep their own keys behind the same
// prefix. It is empty for [NoKeyPrefix].
func (s *Store) KeyPrefix() string { return s.keys.Prefix() }

// Client returns the client with which this Store reads, for packages that keep their own keys in the same Redis. It
// honours deadlines, and gives up after two seconds. It belongs to the Store, which closes it.
func (s *Store) Client() redis.UniversalClient { return s.clients.reader }

// Address names the Redis server for people: host and port or path, never a credential.
func (s *Store) Address() string { return s.address }

// Ping asks Redis for an answer, and returns within about two seconds.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.clients.reader.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("ping Redis at %s: %w", s.address, err)
	}
	return nil
}

// PingWrite is Ping for changes: it writes two small keys, which expire after a minute. On a Cluster they are where accounts and
// the audit log are. It returns within about two seconds. [FaultOf] tells what its error means. A Redis user who only records may not
// write these keys.
func (s *Store) PingWrite(ctx context.Context) error {
	pipe := s.clients.reader.Pipeline()
	for _, key := range s.keys.Pings() {
		pipe.Set(ctx, key, "1", pingExpiry)
	}
	if _, server := s.clients.reader.(*redis.Client); server {
		pipe.Exists(ctx, s.keys.Pings()...) // which a node of a Cluster refuses, also one that serves both slots
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("write to Redis at %s: %w", s.address, err)
	}
	return nil
}

// PingLogs is [Store.PingWrite] for the logs of some users, since each master of a Cluster, and each server of a Ring, takes or refuses what is
// written by itself: it writes a small key beside each log. The name "" stands for all logs. PingLogs returns the errors of those that failed, by username, as
// [FaultOf] tells them. On one Redis it asks nothing, because PingWrite speaks for all logs there. It returns within about two seconds.
func (s *Store) PingLogs(ctx context.Context, usernames ...string) map[string]error {
	failed := make(map[string]error)
	if _, server := s.clients.reader.(*redis.Client); server || len(usernames) == 0 {
		return failed
	}
	pipe := s.clients.reader.Pipeline()
	pings := make(map[string][]*redis.StatusCmd, len(usernames))
	for _, username := range usernames {
		for _, key := range s.keys.PingsOf(username) {
			pings[username] = append(pings[username], pipe.Set(ctx, key, "1", pingExpiry))
		}
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	for username, answers := range pings {
		for _, answer := range answers {
			// Of several errors, a refusal says more than that a master is away, which the feed says as well.
			if err := answer.Err(); err != nil && !FaultOf(failed[username]).IsRefusal() {
				failed[username] = fmt.Errorf("write to Redis at %s, beside the log of %q: %w", s.address, username, err)
			}
		}
	}
	return failed
}

// KeyTypes are the store's keys that there is one of, and what Redis' TYPE says of each: "zset" of "userlog:users". A key of
// another type belongs to somebody else. It asks nothing.
func (s *Store) KeyTypes() map[string]string { return s.keys.Types() }

// MaskText returns a text in words, such as a note of a person, without the secrets that can be told from words: cards, tokens, and what
// follows their names. They are masked as in [Entry.Problem].
func (s *Store) MaskText(text string) string { return s.masker.Sentence(text) }

// pingExpiry is how long what [Store.PingWrite] has written is kept.
const pingExpiry = time.Minute

// Close stops recording, writes what is queued, ends every subscription and closes the connections.
// It returns as soon as that is done. When ctx ends first, it returns an error that says how many entries were
// lost. A ctx without a deadline ends after ten seconds. Entries that come after Close has begun are dropped and
// counted. Further calls do nothing and return nil.
func (s *Store) Close(ctx context.Context) error {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, closeTimeout)
		defer cancel()
	}
	var err error
	s.closing.Do(func() {
		s.joins.close()
		err = s.recorder.close(ctx)
		s.feed.Close()
		s.known.close()
		s.clients.close()
		for _, closer := range s.closers {
			closer()
		}
	})
	return err
}

// OnClose has f called at the end of [Store.Close]. So the in-memory Redis of store/embedded ends with its Store.
// It must be called before the Store is shared.
func (s *Store) OnClose(f func()) { s.closers = append(s.closers, f) }

// address describes where client connects to, without credentials.
func address(client redis.UniversalClient) string {
	switch c := client.(type) {
	case *redis.Client:
		if c.Options().Addr == "FailoverClient" { // go-redis' name for it
			return "the master that Sentinels name"
		}
		return c.Options().Addr
	case *redis.ClusterClient:
		return strings.Join(c.Options().Addrs, ",")
	}
	return "Redis"
}

// database returns the number of the database that client uses. A Cluster has one only.
func database(client redis.UniversalClient) int {
	if c, ok := client.(*redis.Client); ok {
		return c.Options().DB
	}
	return 0
}

// isNil recognises a nil client, also one of the known types inside a non-nil interface.
func isNil(client redis.UniversalClient) bool {
	switch c := client.(type) {
	case nil:
		return true
	case *redis.Client:
		return c == nil
	case *redis.ClusterClient:
		return c == nil
	case *redis.Ring:
		return c == nil
	}
	return false
}

// Timeouts of the two clients. Recording gives up early, since entries that can't be written wait in the
// queue. Reading waits as long as a person would. Closing waits no longer than a supervisor does.
const (
	writeTimeout = 250 * time.Millisecond
	readTimeout  = 2 * time.Second
	closeTimeout = 10 * time.Second
)

// dialFunc is how go-redis connects.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)
