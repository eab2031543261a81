package demo

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

// call is the page with which a customer calls support: also one who can't log in.
func (s *Shop) call(c *gin.Context) { s.showCall(c, middleware.SupportCode) }

// callAgain is call for somebody whose code has been used.
func (s *Shop) callAgain(c *gin.Context) { s.showCall(c, middleware.NewSupportCode) }

// calling is the content of the page: the code, in two groups of three digits, or that there is none now.
type calling struct {
	Code        string
	Agent, Word string // of whoever has taken the call
}

func (s *Shop) showCall(c *gin.Context, ask func(*gin.Context) (store.Support, error)) {
	support, err := ask(c)
	if err != nil {
		_ = c.Error(err)
		s.render(c, http.StatusServiceUnavailable, "call", "Call us", calling{})
		return
	}
	s.render(c, http.StatusOK, "call", "Call us", calling{support.Code[:3] + " " + support.Code[3:], support.Agent, support.Word})
}
