package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/embedded"
)

// The admin is part of an application that has a login of its own.
func ExampleAdmin_Mount() {
	logs, err := embedded.Open(store.Options{}) // in an application: store.Open
	if err != nil {
		fmt.Println(err)
		return
	}
	defer logs.Close(context.Background())
	identify := func(c *gin.Context) (name string, role auth.Role) {
		if name := c.GetString(gin.AuthUserKey); name == "root" {
			return name, auth.Superuser
		}
		return "", "" // nobody
	}
	admin, err := handlers.New(logs, handlers.Options{Identify: identify})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer admin.Close(context.Background())
	r := gin.New()
	r.Use(gin.BasicAuth(gin.Accounts{"root": "secret", "ada": "countess"}))
	admin.Mount(r.Group("/userlog"))

	for _, who := range []string{"root:secret", "ada:countess"} {
		name, password, _ := strings.Cut(who, ":")
		request := httptest.NewRequest(http.MethodGet, "/userlog/", nil)
		request.SetBasicAuth(name, password)
		answer := httptest.NewRecorder()
		r.ServeHTTP(answer, request)
		fmt.Println(name, answer.Code)
	}
	// Output:
	// root 200
	// ada 403
}
