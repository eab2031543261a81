package demo

import (
	"crypto/rand"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/middleware"
)

// loginForm is the content of the login page.
type loginForm struct {
	Names      []string
	Username   string // as it was entered
	Error      string
	ResetToken string // for the link that a mail would contain
}

// login shows the login form.
func (s *Shop) login(c *gin.Context) {
	problem := ""
	if mustVisit(c).hasEnded() {
		problem = "Your session has ended, since you have logged out everywhere. Please log in again."
	}
	s.showLogin(c, http.StatusOK, "", problem)
}

// logIn logs in any customer, without a password.
func (s *Shop) logIn(c *gin.Context) {
	entered := c.PostForm("username")
	name := strings.ToLower(strings.TrimSpace(entered))
	if !isCustomer(name) {
		middleware.Problem(c, "no customer has this name")
		s.showLogin(c, http.StatusUnprocessableEntity, entered, "No customer has this name. Please choose one from the list.")
		return
	}
	visit := mustVisit(c)
	if err := visit.logIn(name, s.endings.of(name)); err != nil {
		s.fail(c, err)
		return
	}
	if len(visit.cart()) > 0 {
		c.Redirect(http.StatusSeeOther, "/cart")
		return
	}
	c.Redirect(http.StatusSeeOther, "/")
}

// logOut ends the visit.
func (s *Shop) logOut(c *gin.Context) {
	visit := mustVisit(c)
	if name := visit.customer(); name != "" {
		middleware.SetUser(c, name)
	}
	if err := visit.logOut(); err != nil {
		s.fail(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, "/")
}

func (s *Shop) showLogin(c *gin.Context, status int, entered, problem string) {
	s.render(c, status, "login", "Log in", loginForm{
		Names: names(), Username: entered, Error: problem, ResetToken: rand.Text(),
	})
}
