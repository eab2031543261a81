package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
)

// loginURL is the login, ours or the host's, that leads back to next.
func (s *site) loginURL(c *gin.Context, next string) string {
	next = s.ownPath(next)
	if target := s.options.LoginURL; target != "" {
		if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") {
			next = s.origin(c) + next // a path would be one of the other site
		}
		return strings.ReplaceAll(target, "{next}", url.QueryEscape(next))
	}
	if next == s.base+"/" {
		return s.base + "/login"
	}
	return s.base + "/login?" + url.Values{"next": {next}}.Encode()
}

// origin is where this site is, for links that are used elsewhere. It is plain http on this machine only:
// elsewhere nobody could log in by plain http, or TLS ends in front of us.
func (s *site) origin(c *gin.Context) string {
	if c.Request.TLS == nil && !s.options.SecureCookies && auth.IsLoopback(c.Request) {
		return "http://" + c.Request.Host
	}
	return "https://" + c.Request.Host
}

const (
	sentCookie = "userlog_sent"
	// sentFor is how long a browser that was sent to the host's login may not be sent there again.
	sentFor = 10 * time.Second
)

// comesFromLogin reports whether the browser was sent to the host's login just now. The host has led it
// back, and names nobody all the same: to send it there again would go round in circles. Otherwise it
// notes that the browser is being sent.
func (s *site) comesFromLogin(c *gin.Context) bool {
	if s.options.LoginURL == "" {
		return false
	}
	_, err := c.Cookie(sentCookie)
	cookie := &http.Cookie{
		Name: sentCookie, Value: "1", Path: s.base + "/", MaxAge: int(sentFor.Seconds()),
		Secure: c.Request.TLS != nil || s.options.SecureCookies || !auth.IsLoopback(c.Request), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if err == nil {
		cookie.MaxAge = -1
	}
	http.SetCookie(c.Writer, cookie)
	return err == nil
}
