package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

// liveApplication is an application that records and has the admin in it.
type liveApplication struct {
	http.Handler
	logs  *store.Store
	admin *handlers.Admin
}

// mostSockets is more than any measurement opens.
const mostSockets = 20_000

// watchedUser is who asks for the pages of an application with live logs.
const watchedUser = "ada"

func newLiveApplication(redis string) (*liveApplication, error) {
	quiet := slog.New(slog.DiscardHandler)
	logs, err := store.Open(redis, store.Options{Logger: quiet})
	if err != nil {
		return nil, err
	}
	admin, err := handlers.New(logs, handlers.Options{
		Identify:   identifyViewer,
		MaxSockets: mostSockets, MaxSocketsPerAccount: mostSockets, Logger: quiet,
	})
	if err != nil {
		return nil, err
	}
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Use(middleware.Track(logs, func(*gin.Context) string { return watchedUser }, middleware.Options{Annotate: stampEntry}))
	engine.GET(pageRoute, func(c *gin.Context) { c.String(http.StatusOK, "Thank you.") })
	admin.Mount(engine.Group("/userlog"))
	return &liveApplication{Handler: engine, logs: logs, admin: admin}, nil
}

// identifyViewer gives every watched user a viewer of its own: one account may not watch as many as
// are measured.
func identifyViewer(c *gin.Context) (string, auth.Role) {
	return "viewer-of-" + c.Query("username"), auth.Superuser
}

// pageRoute is a page of an application with live logs. Its parameter is the number of a stamp.
const pageRoute = "/page/:number"

// stampEntry has the log say when a request was finished.
func stampEntry(c *gin.Context, e *store.Entry) {
	if number, err := strconv.Atoi(c.Param("number")); err == nil {
		e.Path = stampPath(number, time.Now())
	}
}

func (a *liveApplication) publish(e store.Entry) { a.logs.Record(e) }

func (a *liveApplication) close(ctx context.Context) error {
	if err := a.admin.Close(ctx); err != nil {
		return err
	}
	return a.logs.Close(ctx)
}

// loop is the least that brings entries to viewers: whoever publishes writes to one connection after
// the other, and waits for each.
type loop struct {
	upgrader websocket.Upgrader
	mu       sync.Mutex
	viewers  map[string]map[*websocket.Conn]bool // by username
}

func newLoop() *loop { return &loop{viewers: map[string]map[*websocket.Conn]bool{}} }

func (l *loop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := l.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // has been answered
	}
	defer conn.Close()
	username := r.FormValue("username")
	l.mu.Lock()
	if l.viewers[username] == nil {
		l.viewers[username] = map[*websocket.Conn]bool{}
	}
	l.viewers[username][conn] = true
	err = conn.WriteMessage(websocket.TextMessage, []byte("{}"))
	l.mu.Unlock()
	for err == nil {
		_, _, err = conn.NextReader()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.viewers[username], conn)
}

func (l *loop) publish(e store.Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	line, err := json.Marshal(e)
	if err != nil {
		return
	}
	for conn := range l.viewers[e.Username] {
		_ = conn.WriteMessage(websocket.TextMessage, line) // its reader ends too
	}
}

func (l *loop) close(context.Context) error { return nil }

// centrifugeServer is centrifugal/centrifuge with its engine in memory: a channel for each user, to
// which viewers are subscribed as they connect.
type centrifugeServer struct {
	node   *centrifuge.Node
	socket http.Handler
}

func newCentrifuge() (*centrifugeServer, error) {
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		return nil, fmt.Errorf("centrifuge: %w", err)
	}
	node.OnConnecting(func(ctx context.Context, _ centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		who, _ := centrifuge.GetCredentials(ctx)
		return centrifuge.ConnectReply{Subscriptions: map[string]centrifuge.SubscribeOptions{who.UserID: {}}}, nil
	})
	if err := node.Run(); err != nil {
		return nil, fmt.Errorf("centrifuge: %w", err)
	}
	config := centrifuge.WebsocketConfig{WriteTimeout: 10 * time.Second}
	return &centrifugeServer{node: node, socket: centrifuge.NewWebsocketHandler(node, config)}, nil
}

func (s *centrifugeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	who := &centrifuge.Credentials{UserID: r.FormValue("username")}
	s.socket.ServeHTTP(w, r.WithContext(centrifuge.SetCredentials(r.Context(), who)))
}

func (s *centrifugeServer) publish(e store.Entry) {
	line, err := json.Marshal(e)
	if err == nil {
		_, _ = s.node.Publish(e.Username, line) // what does not arrive is counted by the viewers
	}
}

func (s *centrifugeServer) close(ctx context.Context) error { return s.node.Shutdown(ctx) }
