package handlers

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/views"
)

// A look is recorded in the name of the person at the browser. So what other sites have her browser ask for must not be a look.
// Browsers say in Sec-Fetch-Site which site asked, in Sec-Fetch-Dest for what, in Sec-Fetch-User whether that was a click, and
// in Sec-Purpose whether it is only ahead of one.

// speculative are the headers in which browsers say that nobody sees the page yet. The last three are older.
var speculative = [...]string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"}

// requirePage refuses a page that another site embeds or fetches, such as a log as the source of an image, and one that a
// browser loads ahead of a click. Nobody would see the log, but the audit log would say that the person at the browser looked at
// it. When she really goes there, the browser asks again. Links on other sites are let in, and so are older browsers, which don't
// send these headers. [Admin.mayConnect] decides about sockets.
func (s *site) requirePage(c *gin.Context) {
	for _, name := range speculative {
		if c.GetHeader(name) != "" {
			s.fail(c, http.StatusForbidden, nil)
			return
		}
	}
	destination := c.GetHeader("Sec-Fetch-Dest")
	if isForeign(c.Request) && destination != "" && destination != "document" && c.GetHeader("Upgrade") == "" {
		s.fail(c, http.StatusForbidden, nil)
	}
}

// requireClick stands before pages that are looks, and where a login at the provider begins. Another site's page could lead the browser
// from one to the next, without any click. Then the person is asked whether she wants to go there. Some browsers don't tell of clicks:
// there, she is asked always.
func (s *site) requireClick(c *gin.Context) {
	if isForeign(c.Request) && c.GetHeader("Sec-Fetch-User") != "?1" {
		c.Abort()
		s.showError(c, views.Error{Status: http.StatusForbidden, Led: true})
	}
}

// requireOwnPage lets on what a link or form on one of our own pages asks for, and nothing else. Where the browser doesn't say
// Sec-Fetch-Site, such as over plain http, the page is in Referer: our pages have it sent to us, and to nobody else.
func (s *site) requireOwnPage(c *gin.Context) {
	from := c.GetHeader("Sec-Fetch-Site")
	if from == "" && isOwnOrigin(c.Request, originOf(c.Request.Referer())) {
		from = "same-origin"
	}
	if from != "same-origin" {
		s.fail(c, http.StatusForbidden, nil)
	}
}

// isForeign reports whether another site's page has led to the request. A sibling subdomain is another site.
func isForeign(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "cross-site" || site == "same-site"
}

// originOf is scheme and host of an address, "" where it has none.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || !isHTTP(u) {
		return ""
	}
	return strings.ToLower(u.Scheme) + "://" + u.Host
}
