// Package live shows logs over websockets as they grow. It feeds melody's sessions from subscriptions, in the
// form of the admin's pages or of JSON.
//
// The gate decides about every look, and views renders the rows.
package live

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/olahol/melody"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// Limits of a socket.
const (
	pingPeriod     = 25 * time.Second // below the idle limits of common proxies
	pongWait       = 60 * time.Second
	writeWait      = 10 * time.Second // a viewer that takes longer to read a frame is disconnected
	maxInbound     = 512              // bytes of a message from a viewer; a larger one ends the socket (1009)
	maxMessages    = 20               // a minute from one viewer; more end the socket (1008)
	readBuffer     = 256              // bytes; viewers say next to nothing
	writeBuffer    = 8 << 10          // bytes; frames of a request or two are smaller
	messagesQueued = 4                // a viewer is sent one frame at a time, and a close message
)

// Protocol is what a page that offers protocols speaks. A browser closes a socket of which none was chosen.
const Protocol = "userlog"

// viewerKey is the name under which a melody session holds its viewer.
const viewerKey = "viewer"

// Errors of [Hub.Serve].
var (
	ErrClosed  = errors.New("live: closed")                             // after Hub.Drain or Hub.Close
	ErrFull    = errors.New("live: as many sockets as may be are open") // Options.MaxSockets
	ErrTooMany = errors.New("live: the account has too many sockets")   // Options.MaxPerAccount
)

// Defaults of [Options].
const (
	DefaultMaxSockets    = 10_000
	DefaultMaxPerAccount = 100
)

// Options configure a [Hub].
type Options struct {
	CheckOrigin   func(*http.Request) bool // decides about the Origin of an upgrade; required
	MaxSockets    int                      // in total; 0 = DefaultMaxSockets
	MaxPerAccount int                      // of one account; 0 = DefaultMaxPerAccount
	Logger        *slog.Logger             // required

	// Ended returns which of the accesses have ended. An error says that of others it can't be known now. One goroutine
	// calls it every two seconds. Required.
	Ended func(context.Context, []auth.Access) ([]auth.Access, error)

	// Fault returns what is wrong with Redis, as far as it answers. The same goroutine calls it. Default: nil, nothing is known.
	Fault func(context.Context) store.Fault

	// Refused returns why Redis takes nothing new for the logs of some users, of those for whom that is so, while it takes what is
	// written elsewhere: each master of a Cluster does as it likes. The name "" stands for all logs. The same goroutine calls it, and
	// others for a page that asks by itself. Default: nil, nothing is known.
	Refused func(ctx context.Context, usernames []string) map[string]store.Fault

	// WatchOnly reports whether only users are recorded whose logs are open. The same goroutine calls it, and others for a page that
	// has just come. Default: nil, all are.
	WatchOnly func(context.Context) bool

	// Teams returns what colleagues do about all users who are asked for. The same goroutine calls it every two seconds,
	// and others for a page that has just come. Default: nil, pages are told nothing of that.
	Teams func(ctx context.Context, usernames []string) map[string]views.Team

	// Looking is told every two seconds which users' logs are looked at. The same goroutine calls it. Default: nil.
	Looking func(ctx context.Context, usernames []string)
}

// Hub holds the sockets of all viewers. Its methods may be called from several goroutines.
type Hub struct {
	logs    Logs
	pages   Pages
	cache   *renderCache
	pace    *pace
	melody  *melody.Melody
	options Options
	log     *slog.Logger
	fault   atomic.Pointer[store.Fault] // nil = none

	watchOnly atomic.Bool // only users are recorded whose logs are open

	opened, refused, sent atomic.Uint64 // see Stats

	unreadSaid atomic.Int64 // when the last line was logged about a log that could not be read, in Unix seconds

	mu          sync.Mutex
	viewers     map[*viewer]bool
	sockets     map[string]int          // by account
	audiences   map[string]*audience    // of logs that have viewers, by username
	sharedSteps map[string]*sharedSteps // of users whose pages are watched, by username
	checking    bool                    // checkAccess runs
	draining    bool                    // nobody is let in any more
	closed      bool
	left        chan struct{} // closed when the hub is closed and the last viewer has left

	background sync.WaitGroup     // goroutines that serve viewers
	reading    context.Context    // of shared steps; ends with Close
	stop       context.CancelFunc // of reading
}

// NewHub returns a hub without viewers. It holds nothing that needs closing before the first comes.
func NewHub(logs Logs, pages Pages, options Options) *Hub {
	if options.MaxSockets == 0 {
		options.MaxSockets = DefaultMaxSockets
	}
	if options.MaxPerAccount == 0 {
		options.MaxPerAccount = DefaultMaxPerAccount
	}
	h := &Hub{
		logs: logs, pages: pages, cache: newRenderCache(), pace: newPace(), melody: melody.New(), options: options, log: options.Logger,
		viewers: make(map[*viewer]bool), sockets: make(map[string]int), audiences: make(map[string]*audience),
		sharedSteps: make(map[string]*sharedSteps), left: make(chan struct{}),
	}
	h.reading, h.stop = context.WithCancel(context.Background())
	h.configure()
	return h
}

// configure sets up melody.
func (h *Hub) configure() {
	h.melody.Upgrader.Subprotocols = []string{Protocol}
	h.melody.Upgrader.CheckOrigin = h.options.CheckOrigin
	// A frame leaves as a whole, and a viewer that is not being sent a frame has no buffer.
	h.melody.Upgrader.ReadBufferSize = readBuffer
	h.melody.Upgrader.WriteBufferSize = writeBuffer
	h.melody.Upgrader.WriteBufferPool = new(sync.Pool)
	h.melody.Config.PingPeriod = pingPeriod
	h.melody.Config.PongWait = pongWait
	h.melody.Config.WriteWait = writeWait
	h.melody.Config.MaxMessageSize = maxInbound
	h.melody.Config.MessageBufferSize = messagesQueued
	h.melody.HandleConnect(h.guarded((*viewer).start))
	h.melody.HandleDisconnect(h.guarded(func(v *viewer, _ *melody.Session) { v.stop() }))
	sent := h.guarded(func(v *viewer, _ *melody.Session) { v.acknowledge() })
	h.melody.HandleSentMessage(func(s *melody.Session, _ []byte) { h.sent.Add(1); sent(s) })
	received := func(s *melody.Session, message []byte) {
		h.guarded(func(v *viewer, _ *melody.Session) { v.receive(message) })(s)
	}
	h.melody.HandleMessage(received)
	h.melody.HandleMessageBinary(received)
}

func viewerOf(s *melody.Session) *viewer {
	v, _ := s.MustGet(viewerKey).(*viewer)
	return v
}

// enter counts a viewer, unless there are too many.
func (h *Hub) enter(v *viewer) (err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer func() { h.countEntry(err) }()
	account := v.watch.Access.Account
	switch {
	case h.draining:
		return ErrClosed
	case len(h.viewers) >= h.options.MaxSockets:
		return ErrFull
	case h.sockets[account] >= h.options.MaxPerAccount:
		return ErrTooMany
	}
	h.viewers[v] = true
	if !h.checking {
		h.checking = true
		go h.checkAccess()
	}
	h.sockets[account]++
	v.audience = h.enterAudience(v.watch.Username)
	var steps *sharedSteps
	if v.watch.hasSteps() {
		steps = h.joinSteps(v.watch.Username)
	}
	v.encoder = h.encoderFor(v.watch, steps)
	return nil
}

func (h *Hub) leave(v *viewer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.viewers, v)
	account := v.watch.Access.Account
	if h.sockets[account]--; h.sockets[account] == 0 {
		delete(h.sockets, account)
	}
	h.leaveAudience(v.watch.Username)
	if v.watch.hasSteps() {
		h.leaveSteps(v.watch.Username)
	}
	if h.closed && len(h.viewers) == 0 {
		close(h.left)
	}
}

// warnOfUnread logs once a minute that pages begin anew, since logs could not be read.
func (h *Hub) warnOfUnread(cause error) {
	now, said := time.Now().Unix(), h.unreadSaid.Load()
	if now-said >= 60 && h.unreadSaid.CompareAndSwap(said, now) {
		h.log.Warn("userlog: live logs end, and begin anew", "err", cause)
	}
}

// closing reports whether Drain or Close has been called.
func (h *Hub) closing() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.draining
}

// Close tells every page to connect elsewhere (1012), and waits until the sockets are closed and nothing works for
// them any more. When ctx ends first, Close cuts off the rest and returns ctx's error. Serve returns ErrClosed from
// now on.
func (h *Hub) Close(ctx context.Context) error {
	if h.shut() {
		// The only error is that melody is closed already.
		_ = h.melody.CloseWithMsg(restarting())
	}
	ended := make(chan struct{})
	go func() {
		<-h.left
		h.background.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		h.cutAll()
		return ctx.Err()
	}
}

// shut lets nobody in any more. It reports whether this is the first call.
func (h *Hub) shut() (first bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.draining, h.closed = true, true
	h.stop()
	if len(h.viewers) == 0 {
		close(h.left)
	}
	return true
}

// cutAll cuts off all viewers that are left.
func (h *Hub) cutAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for v := range h.viewers {
		v.cut()
	}
}
