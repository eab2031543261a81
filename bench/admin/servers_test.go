package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/bench/internal/start"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

// timedPath is the path of an entry that says when it was recorded. Viewers get the path in every form of a live log.
func timedPath(at time.Time) string { return "/at/" + strconv.FormatInt(at.UnixNano(), 10) + "/" }

func username(n int) string { return "user-" + strconv.Itoa(n) }

// serveUserlog is an application that records, and has the admin in it.
func serveUserlog(redisURL string) (http.Handler, error) {
	logs, err := store.Open(redisURL, start.Quiet())
	if err != nil {
		return nil, err
	}
	const mostSockets = 20_000 // more than any benchmark opens
	admin, err := handlers.New(logs, handlers.Options{
		// Each user has a viewer of her own, for one account may not watch as many.
		Identify: func(c *gin.Context) (string, auth.Role) {
			return "viewer-of-" + c.Query("username"), auth.Superuser
		},
		MaxSockets: mostSockets, MaxSocketsPerAccount: mostSockets, Logger: start.Quiet().Logger,
	})
	if err != nil {
		return nil, err
	}
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Use(middleware.Track(logs, func(*gin.Context) string { return username(0) }, middleware.Options{
		Annotate: func(_ *gin.Context, e *store.Entry) { e.Path = timedPath(time.Now()) },
	}))
	engine.GET("/page", func(c *gin.Context) { c.JSON(http.StatusOK, "Thank you.") })
	admin.Mount(engine.Group("/userlog"))
	return withBurst(engine, logs.Record), nil
}

// withBurst adds a path that records a burst, and answers when it is over.
func withBurst(next http.Handler, record func(store.Entry)) http.Handler {
	return start.Also(next, "/burst", func(load burst) (any, error) {
		load.record(record)
		return true, nil
	})
}

// burst is a load of entries at a fixed rate, of a number of users in turn.
type burst struct {
	Entries, Users int
	Rate           int // entries per second, of all users together
	Padding        int // bytes by which each path is longer
}

func (l burst) record(record func(store.Entry)) {
	padding := strings.Repeat("x", l.Padding)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	began := time.Now()
	for n := 0; n < l.Entries; <-tick.C {
		for due := min(l.Entries, 1+int(time.Since(began).Seconds()*float64(l.Rate))); n < due; n++ {
			now := time.Now()
			record(store.Entry{Username: username(n % l.Users), Method: "GET", Path: timedPath(now) + padding, Code: 200, Time: now})
		}
	}
}

// loop is the least that brings entries to viewers, without a Redis: an entry is written to one connection after the other.
type loop struct {
	upgrader websocket.Upgrader
	mu       sync.Mutex
	viewers  map[string]map[*websocket.Conn]bool // by username
}

func serveLoop(string) (http.Handler, error) {
	l := &loop{viewers: map[string]map[*websocket.Conn]bool{}}
	return withBurst(l, l.record), nil
}

func (l *loop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := l.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // has been answered
	}
	defer conn.Close()
	name := r.FormValue("username")
	l.mu.Lock()
	if l.viewers[name] == nil {
		l.viewers[name] = map[*websocket.Conn]bool{}
	}
	l.viewers[name][conn] = true
	err = conn.WriteMessage(websocket.TextMessage, []byte("{}"))
	l.mu.Unlock()
	for err == nil {
		_, _, err = conn.NextReader()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.viewers[name], conn)
}

func (l *loop) record(e store.Entry) {
	line, _ := json.Marshal(e) // never fails for an entry
	l.mu.Lock()
	defer l.mu.Unlock()
	for conn := range l.viewers[e.Username] {
		_ = conn.WriteMessage(websocket.TextMessage, line) // its reader ends, too
	}
}

// serveCentrifuge is centrifugal/centrifuge with its engine in memory. Each user is a channel, to which a viewer is subscribed
// when she connects.
func serveCentrifuge(string) (http.Handler, error) {
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		return nil, err
	}
	node.OnConnecting(func(ctx context.Context, _ centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		viewer, _ := centrifuge.GetCredentials(ctx)
		return centrifuge.ConnectReply{Subscriptions: map[string]centrifuge.SubscribeOptions{viewer.UserID: {}}}, nil
	})
	if err := node.Run(); err != nil {
		return nil, err
	}
	socket := centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{WriteTimeout: 10 * time.Second})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		viewer := &centrifuge.Credentials{UserID: r.FormValue("username")}
		socket.ServeHTTP(w, r.WithContext(centrifuge.SetCredentials(r.Context(), viewer)))
	})
	return withBurst(handler, func(e store.Entry) {
		line, _ := json.Marshal(e)            // never fails for an entry
		_, _ = node.Publish(e.Username, line) // viewers count what is lost
	}), nil
}
