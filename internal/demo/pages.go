package demo

import (
	"crypto/rand"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// front is the shop's front page.
func (s *Shop) front(c *gin.Context) {
	s.render(c, http.StatusOK, "front", "", catalogue())
}

// product shows one product.
func (s *Shop) product(c *gin.Context) {
	p, ok := findProduct(c.Param("id"))
	if !ok {
		s.missing(c)
		return
	}
	s.render(c, http.StatusOK, "product", p.Name, p)
}

// searchResult is the content of the search page.
type searchResult struct {
	Query string
	Found []product
}

// search shows the products that match ?q=.
func (s *Shop) search(c *gin.Context) {
	query := strings.TrimSpace(c.Query("q"))
	s.render(c, http.StatusOK, "search", "Search", searchResult{query, searchProducts(query)})
}

// help says what there is to try. Its content is the token for a link such as mails contain.
func (s *Shop) help(c *gin.Context) {
	s.render(c, http.StatusOK, "help", "Help", rand.Text())
}

// invoice is the page that breaks, so that there is a server error to see.
func (s *Shop) invoice(*gin.Context) { panic("demo: the invoice printer is on fire") }

// reset is where a link in a mail would lead: its address has a secret in it.
func (s *Shop) reset(c *gin.Context) {
	status := http.StatusOK
	if c.Query("token") == "" {
		status = http.StatusBadRequest
	}
	s.render(c, status, "reset", "Choose a new password", status == http.StatusOK)
}
