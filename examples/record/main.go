package main

import (
	"log"
	"net/http"
	"os"

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
	log.Fatal(site(logs).Run("127.0.0.1:8081"))
}
