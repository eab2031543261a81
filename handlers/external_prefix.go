package handlers

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// prefixHeader is the header in which a proxy names the prefix that it has taken off the path.
const prefixHeader = "X-Forwarded-Prefix"

// externalPrefix is the prefix that a proxy in front has taken off the request's path. One of the operator's proxies
// names it, or else the options do.
func (a *Admin) externalPrefix(c *gin.Context) string {
	said := c.Request.Header.Values(prefixHeader)
	if len(said) != 1 || !a.trusts(c.RemoteIP()) {
		return a.options.ExternalPrefix
	}
	prefix := strings.TrimSuffix(said[0], "/")
	if !isPrefix(prefix) {
		return a.options.ExternalPrefix
	}
	return prefix
}

// isPrefix reports whether a text is a path that can stand in front of ours, "" included. It can lead to no
// other site, and means itself everywhere.
func isPrefix(prefix string) bool {
	return prefix == "" || strings.HasPrefix(prefix, "/") && !strings.HasSuffix(prefix, "/") &&
		!strings.Contains(prefix, "//") && !strings.Contains(prefix, "..") && strings.Trim(prefix, mountable) == ""
}

// here is the path and query of the request, as its browser has them.
func (s *site) here(c *gin.Context) string { return s.prefix + c.Request.URL.RequestURI() }

// addSlash leads to the home page, whose address ends with a slash. Gin would do so by itself, but without
// what a proxy in front has taken off the path.
func (s *site) addSlash(c *gin.Context) {
	target := s.base + "/"
	if query := c.Request.URL.RawQuery; query != "" {
		target += "?" + query
	}
	c.Redirect(http.StatusMovedPermanently, target)
}
