package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// maxForm is the largest body that is read, in bytes.
const maxForm = 64 << 10

// maxNext is the longest path that a login leads back to, in bytes.
const maxNext = 2048

// secure refuses requests that another site's page has made, and sets the headers of every answer.
func (s *site) secure(c *gin.Context) {
	s.writeHeaders(c)
	if err := s.origins.Check(c.Request); err != nil {
		s.fail(c, http.StatusForbidden, nil)
		return
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxForm)
	// Read here, where it is told from a form that lacks fields. What else is wrong with a form is
	// the same to its handler as an empty one.
	var large *http.MaxBytesError
	if errors.As(errors.Join(c.Request.ParseForm(), c.Request.ParseMultipartForm(maxForm)), &large) {
		c.String(http.StatusRequestEntityTooLarge, "The form is too large.\n")
		c.Abort()
	}
}

// writeHeaders sets what every answer of the admin has. Nothing is to be kept anywhere, unless a
// handler that knows better says so.
func (a *Admin) writeHeaders(c *gin.Context) {
	header := c.Writer.Header()
	header.Set("Content-Security-Policy", a.policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	header.Set("Cache-Control", "no-store")
	header.Add("Vary", "HX-Request")
	header.Add("Vary", "Accept-Encoding")
}

// loginURL is the login page that leads back to next.
func (s *site) loginURL(next string) string {
	if next = s.ownPath(next); next == s.base+"/" {
		return s.base + "/login"
	}
	return s.base + "/login?" + url.Values{"next": {next}}.Encode()
}

// ownPath returns next if it is a path of the admin, and the home page otherwise: a login must not
// lead to another site. Browsers read a backslash as a slash, and skip tabs and line ends.
func (s *site) ownPath(next string) string {
	home := s.base + "/"
	if len(next) > maxNext {
		return home // it would not fit into the header that leads there
	}
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" ||
		strings.HasPrefix(next, "//") || strings.Contains(next, `\`) || strings.Contains(u.Path, `\`) ||
		strings.HasPrefix(u.Path, "//") || strings.Contains(u.Path, "..") ||
		strings.ContainsFunc(u.Path, func(r rune) bool { return r < ' ' }) || !strings.HasPrefix(u.Path+"/", home) {
		return home
	}
	return u.RequestURI()
}

// mayConnect decides about the Origin of a live socket. A browser always sends one; who sends none
// must be a program, and has shown a token, which no other site's page can.
func (a *Admin) mayConnect(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return bearer(r) != ""
	}
	if slices.Contains(a.options.AllowedOrigins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || !strings.EqualFold(u.Host, r.Host) {
		return false
	}
	// Whoever is on the way can put a page of plain http under our name, but none of https.
	return u.Scheme == "https" || r.TLS == nil && !a.options.SecureCookies
}
