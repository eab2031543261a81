// Command embed is a Gin application with a login of its own that records its users' requests and
// shows them to its administrators, all in one process. Run it with a Redis at hand:
//
//	REDIS_URL=redis://localhost:6379/0 go run ./examples/embed
//
// It listens on ADDR, or on 127.0.0.1:8080 if that is not set.
//
// Then visit http://127.0.0.1:8080/orders/7 as ada, and http://127.0.0.1:8080/userlog/ as root.
package main

import (
	"cmp"
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

// currentUser is the application's own login: here HTTP basic authentication, which gin.BasicAuth
// has checked. It returns "" for requests without a login.
func currentUser(c *gin.Context) string { return c.GetString(gin.AuthUserKey) }

// identify says who may use the admin, and as what.
func identify(c *gin.Context) (name string, role auth.Role) {
	if name = currentUser(c); name == "root" {
		return name, auth.Superuser
	}
	return "", "" // nobody
}

// application is the whole site: a page for users, and the admin.
func application(logs *store.Store, accounts gin.Accounts) (http.Handler, *handlers.Admin, error) {
	r := gin.New()
	options := middleware.Options{PageNames: map[string]string{
		"/orders/:id": "Order details",
	}}
	r.Use(middleware.Track(logs, currentUser, options)) // records
	r.GET("/healthz", middleware.Skip, func(c *gin.Context) { c.Status(http.StatusNoContent) })
	// This login refuses programs that bring a token of the admin. One that shall serve them lets them through.
	r.Use(gin.Recovery(), gin.BasicAuth(accounts))
	r.GET("/orders/:id", func(c *gin.Context) { c.String(http.StatusOK, "Order %s", c.Param("id")) })

	admin, err := handlers.New(logs, handlers.Options{Identify: identify}) // shows
	if err != nil {
		return nil, nil, err
	}
	admin.Mount(r.Group("/userlog"))
	return r, admin, r.SetTrustedProxies(nil)
}

// run serves the site until ctx ends.
func run(ctx context.Context, redisURL, addr string, accounts gin.Accounts) error {
	if redisURL == "" {
		return errors.New("REDIS_URL is empty: set it to such as redis://localhost:6379/0")
	}
	logs, err := store.Open(redisURL, store.Options{})
	if err != nil {
		return err
	}
	site, admin, err := application(logs, accounts)
	if err != nil {
		return errors.Join(err, logs.Close(ctx))
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return errors.Join(err, stop(admin, new(http.Server), logs))
	}
	log.Printf("visit http://%s/orders/7 as ada, and /userlog/ as root", listener.Addr())
	server := &http.Server{Handler: site, ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	return errors.Join(err, stop(admin, server, logs))
}

// stop ends everything within nine seconds, also while a request does not end or Redis is away.
func stop(admin *handlers.Admin, server *http.Server, logs *store.Store) error {
	return errors.Join(
		within(4*time.Second, admin.Drain),     // tells one live page after another to connect elsewhere
		within(time.Second, admin.Close),       // ends what is left of them
		within(2*time.Second, server.Shutdown), // lets requests finish
		within(2*time.Second, logs.Close),      // writes what is still queued
	)
}

// within gives each step a deadline of its own, so that a slow one leaves time for the others.
func within(limit time.Duration, end func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return end(ctx)
}

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	users := gin.Accounts{"ada": "countess", "root": "change me"} // yours are in a database
	addr := cmp.Or(os.Getenv("ADDR"), "127.0.0.1:8080")
	if err := run(ctx, os.Getenv("REDIS_URL"), addr, users); err != nil {
		log.Fatal(err)
	}
}
