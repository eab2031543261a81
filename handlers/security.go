package handlers

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// maxForm is the largest body that is read, in bytes.
const maxForm = 64 << 10

// bodyTimeout is how long a body may take to arrive. Whoever mounts the admin may have no such limit, and
// one byte a minute would hold a connection for ever.
const bodyTimeout = 10 * time.Second

// maxNext is the longest path that a login leads back to, in bytes.
const maxNext = 2048

// secure refuses requests that another site's page has made, and sets the headers of every answer.
func (s *site) secure(c *gin.Context) {
	s.writeHeaders(c)
	hasBody := c.Request.Body != nil && c.Request.Body != http.NoBody
	if hasBody { // also one that is not read: net/http waits for it, to use the connection again
		setReadDeadline(c, time.Now().Add(s.bodyTimeout))
	}
	if err := s.origins.Check(c.Request); err != nil {
		s.fail(c, http.StatusForbidden, nil)
		return
	}
	if !hasBody {
		return
	}
	if err := readBody(c); err != nil {
		refuseBody(c, err)
		return
	}
	// It would end the request of a handler that takes its time. The servers of net/http know, but don't
	// promise it.
	setReadDeadline(c, time.Time{})
}

// requirePage refuses what another site's page has embedded or fetches, such as an image that is a log: it
// could be read by nobody, and would be written down as looked at by who is logged in. Links from elsewhere
// lead here, and whose sockets are let in is decided by [Admin.mayConnect]. Older browsers don't say.
func (s *site) requirePage(c *gin.Context) {
	site, destination := c.GetHeader("Sec-Fetch-Site"), c.GetHeader("Sec-Fetch-Dest")
	foreign := site == "cross-site" || site == "same-site" // a sibling subdomain is another site
	if foreign && destination != "" && destination != "document" && c.GetHeader("Upgrade") == "" {
		s.fail(c, http.StatusForbidden, nil)
	}
}

// setReadDeadline says until when the client may send; zero is for ever.
func setReadDeadline(c *gin.Context, deadline time.Time) {
	_ = http.NewResponseController(c.Writer).SetReadDeadline(deadline) // a writer without deadlines is a test's
}

// readBody reads the form here, where a large one or a late one is told from one that lacks fields. What
// else is wrong with it is the same to its handler as an empty one.
func readBody(c *gin.Context) error {
	r := c.Request
	r.Body = http.MaxBytesReader(c.Writer, r.Body, maxForm)
	parsing := errors.Join(r.ParseForm(), r.ParseMultipartForm(maxForm))
	if _, err := io.Copy(io.Discard, r.Body); err != nil { // what is no form, or is behind one
		return errors.Join(parsing, err)
	}
	return nil
}

// refuseBody says why a body was not read to its end. The connection can't be used again.
func refuseBody(c *gin.Context, err error) {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		c.String(http.StatusRequestEntityTooLarge, "The form is too large.\n")
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.Header("Connection", "close")
		c.String(http.StatusRequestTimeout, "The form did not arrive in time.\n")
	default: // the client has gone, or does not speak HTTP
		c.Header("Connection", "close")
		c.Status(http.StatusBadRequest)
	}
	c.Abort()
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
