package live

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// memoryLogs are logs that need no Redis, so that tests can run in a bubble of testing/synctest.
type memoryLogs struct {
	mu            sync.Mutex
	entries       []*store.Entry // of everyone, oldest first
	subscriptions map[*memorySubscription]bool
	held          chan struct{} // Entries waits until it is closed; nil = it does not wait
	forgetful     error         // of Gone
}

func newMemoryLogs() *memoryLogs {
	return &memoryLogs{subscriptions: make(map[*memorySubscription]bool)}
}

// of are the entries of a user, or of everyone.
func (m *memoryLogs) of(username string) (found []*store.Entry) {
	for _, e := range m.entries {
		if username == "" || e.Username == username {
			found = append(found, e)
		}
	}
	return found
}

func (m *memoryLogs) MaxEntries() int { return store.DefaultMaxEntries }

func (m *memoryLogs) Retention() time.Duration { return store.DefaultRetention }

func (m *memoryLogs) Gone(_ context.Context, username string) (time.Time, error) {
	if username == "gone" && m.forgetful == nil {
		return time.Unix(1_700_000_000, 0), nil
	}
	return time.Time{}, m.forgetful
}

func (m *memoryLogs) Now() time.Time { return time.Now() }

func (m *memoryLogs) Entries(ctx context.Context, username string) ([]store.Entry, error) {
	if m.held != nil {
		<-m.held
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var newestFirst []store.Entry
	for _, e := range slices.Backward(m.of(username)) {
		newestFirst = append(newestFirst, *e)
	}
	return newestFirst, ctx.Err()
}

func (m *memoryLogs) Subscribe(username, after string) (Subscription, error) {
	if username != "" {
		if err := store.CheckUsername(username); err != nil {
			return nil, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	backlog := m.of(username)
	s := &memorySubscription{logs: m, username: username, changed: true, update: store.Update{State: store.Live, Entries: backlog}}
	if after != "" {
		seen := slices.IndexFunc(backlog, func(e *store.Entry) bool { return e.ID == after })
		s.update.Gap, s.update.Entries = seen < 0, backlog[seen+1:]
	}
	m.subscriptions[s] = true
	return s, nil
}

// record records requests of one user, oldest first; their ids are their paths.
func (m *memoryLogs) record(username string, paths ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, path := range paths {
		e := newEntry(username, path)
		m.entries = append(m.entries, &e)
		for s := range m.subscriptions {
			if s.username == "" || s.username == username {
				s.push(&e)
			}
		}
	}
}

// memorySubscription has as many entries at most as memoryQueue: then the oldest are lost, with a gap.
type memorySubscription struct {
	logs     *memoryLogs
	username string

	// Under the lock of logs.
	update  store.Update
	changed bool
	notify  func()
	closed  bool
}

const memoryQueue = 200

func (s *memorySubscription) push(e *store.Entry) {
	s.changed = true
	s.update.Entries = append(s.update.Entries, e)
	if lost := len(s.update.Entries) - memoryQueue; lost > 0 {
		s.update.Gap, s.update.Entries = true, s.update.Entries[lost:]
	}
	s.wake()
}

func (s *memorySubscription) wake() {
	if s.notify != nil {
		s.notify()
	}
}

func (s *memorySubscription) Poll() (update store.Update, ok bool, err error) {
	s.logs.mu.Lock()
	defer s.logs.mu.Unlock()
	if s.closed {
		return store.Update{}, false, store.ErrClosed
	}
	update, ok = s.update, s.changed
	s.update, s.changed = store.Update{State: store.Live}, false
	return update, ok, nil
}

func (s *memorySubscription) Notify(call func()) {
	s.logs.mu.Lock()
	defer s.logs.mu.Unlock()
	s.notify = call
	s.wake()
}

func (s *memorySubscription) Close() {
	s.logs.mu.Lock()
	defer s.logs.mu.Unlock()
	s.closed = true
	delete(s.logs.subscriptions, s)
}

// memoryListener accepts connections that lead through memory. They hold nothing: who writes waits until the
// other end reads.
type memoryListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func newMemoryListener() *memoryListener {
	return &memoryListener{make(chan net.Conn), make(chan struct{})}
}

func (l *memoryListener) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, errors.New("nobody listens")
	}
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	close(l.closed)
	return nil
}

func (l *memoryListener) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "memory"} }
