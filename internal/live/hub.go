// Package live shows logs over websockets as they grow: melody's sessions, fed by the store's
// subscriptions, in the form of the admin's pages or of JSON.
//
// It decides neither who may look nor what a row looks like: handlers and views do.
package live

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
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
	frameInterval  = 100 * time.Millisecond
	writeBuffer    = 8 << 10 // bytes; frames of a request or two are smaller
	messagesQueued = 4       // a viewer is sent one frame at a time, and a close message
)

// viewerKey is the name under which a melody session holds its viewer.
const viewerKey = "viewer"

// Errors of [Hub.Serve].
var (
	ErrClosed  = errors.New("live: closed")                             // after Hub.Close
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

	// Ended returns those who may not look any longer, of those who do; an error says that it can't be
	// known now. It is called every two seconds by one goroutine. Required.
	Ended func(context.Context, []auth.Access) ([]auth.Access, error)
}

// Hub holds the sockets of everyone who watches. Its methods may be called from several goroutines.
type Hub struct {
	logs    *store.Store
	views   *views.Set
	pieces  *pieceCache
	melody  *melody.Melody
	options Options
	log     *slog.Logger

	mu       sync.Mutex
	viewers  map[*viewer]bool
	sockets  map[string]int    // by account
	rooms    map[string]*room  // that have guests, by username
	trails   map[string]*trail // of those whose pages are watched, by username
	checking bool              // checkAccess runs
	closed   bool
	left     chan struct{} // closed when closed and the last viewer has left

	background sync.WaitGroup     // goroutines that serve viewers
	reading    context.Context    // of trails; ends with Close
	stop       context.CancelFunc // of reading
}

// NewHub returns a hub without viewers. It holds nothing that needs closing before the first comes.
func NewHub(logs *store.Store, set *views.Set, options Options) *Hub {
	if options.MaxSockets == 0 {
		options.MaxSockets = DefaultMaxSockets
	}
	if options.MaxPerAccount == 0 {
		options.MaxPerAccount = DefaultMaxPerAccount
	}
	h := &Hub{
		logs: logs, views: set, pieces: newPieceCache(), melody: melody.New(), options: options, log: options.Logger,
		viewers: make(map[*viewer]bool), sockets: make(map[string]int), rooms: make(map[string]*room), trails: make(map[string]*trail), left: make(chan struct{}),
	}
	h.reading, h.stop = context.WithCancel(context.Background())
	h.melody.Upgrader.CheckOrigin = options.CheckOrigin
	// A frame leaves in one piece, and a viewer to whom nothing is being sent has no buffer.
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
	heard := h.guarded(func(v *viewer, _ *melody.Session) { v.hear() })
	h.melody.HandleSentMessage(func(s *melody.Session, _ []byte) { sent(s) })
	h.melody.HandleMessage(func(s *melody.Session, _ []byte) { heard(s) })
	h.melody.HandleMessageBinary(func(s *melody.Session, _ []byte) { heard(s) })
	return h
}

func viewerOf(s *melody.Session) *viewer {
	v, _ := s.MustGet(viewerKey).(*viewer)
	return v
}

// Watch is what a viewer wants to see.
type Watch struct {
	Access   auth.Access  // who watches, and by what right
	Until    time.Time    // when the viewer has to connect, and be let in, again; zero = never
	Username string       // "" for everyone
	After    string       // cursor of the newest entry that the viewer has; "" = none
	JSON     bool         // one JSON object per message instead of HTML frames
	Filter   views.Filter // which requests: of one user's log in HTML frames, of everyone's also in JSON
	App      string       // of everyone's requests, those that this application recorded; "" = any
	Lang     string       // of HTML frames
	Base     string       // base path of the links in HTML frames
}

// hasTrail reports whether the viewer sees what one user does, not only what her browser fetches.
func (w Watch) hasTrail() bool { return w.Username != "" && !w.JSON }

// wantsEvery reports whether the viewer sees also what pages fetch by themselves. Programs always do.
func (w Watch) wantsEvery() bool { return w.JSON || w.Filter.Every }

// Serve upgrades the request to a websocket and serves it until either side closes. The caller has to
// answer the request if the error is [ErrClosed], [ErrFull], [ErrTooMany], store.ErrClosed or about
// the username; after any other it has been answered.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, watch Watch) error {
	v := &viewer{hub: h, watch: watch}
	if err := h.enter(v); err != nil {
		return err
	}
	defer h.leave(v)
	subscription, err := h.subscribe(watch)
	if err != nil {
		return err
	}
	defer subscription.Close()
	v.subscription = subscription
	err = h.melody.HandleRequestWithKeys(w, r, map[string]any{viewerKey: v})
	if errors.Is(err, melody.ErrClosed) {
		return ErrClosed
	}
	return err
}

func (h *Hub) subscribe(watch Watch) (*store.Subscription, error) {
	if watch.Username == "" {
		return h.logs.SubscribeEveryone(watch.After)
	}
	return h.logs.Subscribe(watch.Username, watch.After)
}

// enter counts a viewer, unless there are too many.
func (h *Hub) enter(v *viewer) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return ErrClosed
	case len(h.viewers) >= h.options.MaxSockets:
		return ErrFull
	case h.sockets[v.watch.Access.Account] >= h.options.MaxPerAccount:
		return ErrTooMany
	}
	h.viewers[v] = true
	if !h.checking {
		h.checking = true
		go h.checkAccess()
	}
	h.sockets[v.watch.Access.Account]++
	v.room = h.enterRoom(v.watch.Username)
	var t *trail
	if v.watch.hasTrail() {
		t = h.enterTrail(v.watch.Username)
	}
	v.encoder = encoderFor(h, v.watch, t)
	return nil
}

func (h *Hub) leave(v *viewer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.viewers, v)
	if h.sockets[v.watch.Access.Account]--; h.sockets[v.watch.Access.Account] == 0 {
		delete(h.sockets, v.watch.Access.Account)
	}
	h.leaveRoom(v.watch.Username)
	if v.watch.hasTrail() {
		h.leaveTrail(v.watch.Username)
	}
	if h.closed && len(h.viewers) == 0 {
		close(h.left)
	}
}

// closing reports whether Close has been called.
func (h *Hub) closing() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed
}

// restarting is the close message that has a page connect elsewhere.
func restarting() []byte {
	return melody.FormatCloseMessage(melody.CloseServiceRestart, "restarting")
}

// Close tells every page to connect elsewhere (1012) and waits until the sockets are closed and nothing works for
// them any more; when ctx ends first, it cuts the rest off and returns ctx's error. Serve returns ErrClosed from
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

// shut lets nobody in any more. It reports whether somebody was let in before.
func (h *Hub) shut() (first bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.closed = true
	h.stop()
	if len(h.viewers) == 0 {
		close(h.left)
	}
	return true
}

// cutAll cuts off everybody who is left.
func (h *Hub) cutAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for v := range h.viewers {
		v.cut()
	}
}
