package main

import (
	"context"
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
	ending, end := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() { log.Print(server.ListenAndServe()); end() }()
	<-ending.Done()
	for _, stop := range []func(context.Context) error{server.Shutdown, logs.Close} {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		if err := stop(ctx); err != nil {
			log.Print(err) // says what is lost
		}
		cancel()
	}
}
