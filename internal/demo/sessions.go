package demo

import (
	"net/http"
	"sync"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/middleware"
)

// endings count how often a customer has logged out everywhere. A session that began before the last time has ended.
type endings struct {
	mu     sync.Mutex
	counts map[string]int // by customer
}

func (e *endings) of(customer string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.counts[customer]
}

func (e *endings) add(customer string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.counts[customer]++
}

// logOutEverywhere ends all sessions of the customer, in every browser.
func (s *Shop) logOutEverywhere(c *gin.Context) {
	if name := mustVisit(c).customer(); name != "" {
		s.endings.add(name)
	}
	s.logOut(c)
}

// endSession sends a customer whose session has ended to the login, and says so: to them, and to who watches. The session does not name
// them any more, so that the request is theirs has to be said. The products in the cart stay.
func (s *Shop) endSession(c *gin.Context) {
	visit := mustVisit(c)
	name := visit.customer()
	if name == "" || visit.began() == s.endings.of(name) {
		return
	}
	middleware.SetUser(c, name)
	middleware.Problem(c, "the session has ended, by a logout everywhere in another browser")
	if err := visit.end(); err != nil {
		s.fail(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, "/login")
	c.Abort()
}
