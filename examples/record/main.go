package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

// currentUser is your login: it returns the user's name, or "" for nobody.
func currentUser(c *gin.Context) string { return c.GetString(gin.AuthUserKey) }

func site(logs *store.Store) *gin.Engine {
	r := gin.New()
	r.Use(middleware.Track(logs, currentUser, middleware.Options{}), gin.Recovery())
	r.Use(gin.BasicAuth(gin.Accounts{"ada": "countess"}))
	r.GET("/orders/:id", func(c *gin.Context) { c.String(http.StatusOK, "Order %s", c.Param("id")) })
	return r
}

func main() {
	logs, err := store.Open(os.Getenv("REDIS_URL"), store.Options{})
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: "127.0.0.1:8081", Handler: site(logs)}
	served := make(chan error, 1)
	go func() { served <- server.ListenAndServe() }()
	ending, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	select {
	case err = <-served:
	case <-ending.Done():
		err = within(2*time.Second, server.Shutdown) // give it longer than your slowest handler takes
	}
	if err = errors.Join(err, within(2*time.Second, logs.Close)); err != nil {
		log.Fatal(err)
	}
}

func within(limit time.Duration, end func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return end(ctx)
}
