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

// bodyTimeout is how long a body may take to arrive. The host's server may have no such limit, and
// one byte a minute would hold a connection for ever.
const bodyTimeout = 10 * time.Second

// maxNext is the longest path that a login leads back to, in bytes.
const maxNext = 2048

// secure refuses requests that another site's page has made, and sets the headers of every answer.
func (s *site) secure(c *gin.Context) {
	s.writeHeaders(c)
	hasBody := c.Request.Body != nil && c.Request.Body != http.NoBody
	if hasBody { // also one that no handler reads: net/http reads it, to use the connection again
		setReadDeadline(c, time.Now().Add(s.bodyTimeout))
	}
	if s.isForged(c.Request) {
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
	// Otherwise the deadline could end the request of a slow handler. The servers of net/http prevent that,
	// but don't promise to.
	setReadDeadline(c, time.Time{})
}

// isForged reports whether another site's page has sent a form. Browsers say so in Sec-Fetch-Site. Where they
// don't, such as over plain http, Origin is compared with the host.
func (a *Admin) isForged(r *http.Request) bool {
	if a.origins.Check(r) == nil {
		return false
	}
	return r.Header.Get("Sec-Fetch-Site") != "" || !isOwnOrigin(r, r.Header.Get("Origin"))
}

// isOwnOrigin reports whether an origin is of the host that the request names. The port that a scheme has
// by default is as good as none: browsers leave it away, and some proxies write it into Host.
func isOwnOrigin(r *http.Request, origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(withoutDefaultPort(u.Scheme, u.Host), withoutDefaultPort(u.Scheme, r.Host))
}

func withoutDefaultPort(scheme, host string) string {
	switch scheme {
	case "https":
		return strings.TrimSuffix(host, ":443")
	case "http":
		return strings.TrimSuffix(host, ":80")
	}
	return host
}

// setReadDeadline says until when the client may send; zero is for ever.
func setReadDeadline(c *gin.Context, deadline time.Time) {
	_ = http.NewResponseController(c.Writer).SetReadDeadline(deadline) // a writer without deadlines is a test's
}

// readBody reads the form before its handler does, so that a form that is too large or too late is refused
// as such. A form that can't be parsed looks empty to its handler.
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
func (s *site) writeHeaders(c *gin.Context) {
	header := c.Writer.Header()
	header.Del("Content-Type") // a host may have set one for all its answers; each of ours has its own
	header.Set("Content-Security-Policy", s.policy+"; report-uri "+s.base+reportPath)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	header.Set("Cache-Control", "no-store")
	header.Add("Vary", "HX-Request")
	header.Add("Vary", "Accept-Encoding")
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

// mayConnect decides about the Origin of a live socket. A browser always sends one. A request without one
// must be a program's, which has shown a token. No other site's page can do that.
func (a *Admin) mayConnect(c *gin.Context) bool {
	r, origin := c.Request, c.GetHeader("Origin")
	if origin == "" {
		return c.GetBool(programKey)
	}
	scheme, host, _ := strings.Cut(origin, "://")
	if slices.ContainsFunc(a.options.AllowedOrigins, func(allowed string) bool {
		return allowed == origin || withoutDefaultPort(scheme, allowed) == scheme+"://"+host
	}) {
		return true
	}
	// An attacker in the network can forge a page of this host over plain http, but not over https.
	return isOwnOrigin(r, origin) && (scheme == "https" || r.TLS == nil && !a.options.SecureCookies)
}
