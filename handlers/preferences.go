package handlers

import (
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/views"
)

// preferenceKept is how long a browser remembers a reader's choice.
const preferenceKept = 365 * 24 * time.Hour

// setLanguage remembers the language that the reader chose, and leads back to where she was.
func (s *site) setLanguage(c *gin.Context) {
	s.remember(c, languageCookie, s.views.Match(c.PostForm("lang")))
}

// setTheme does the same for the look of the pages. Any value that is no look stands for that of the system.
func (s *site) setTheme(c *gin.Context) {
	chosen := c.PostForm("theme")
	if !slices.Contains(views.Themes(), chosen) {
		chosen = ""
	}
	s.remember(c, themeCookie, chosen)
}

// rememberLogs remembers on which page the reader looks at a log, so that the menu and a search lead there the next time. Only what she
// does on our own pages is a choice. A link of somebody else's is none, and neither is one line: a code that a customer read out leads there.
func (s *site) rememberLogs(c *gin.Context, page string) {
	chosen := c.GetHeader("Sec-Fetch-Site") == "same-origin" && c.GetHeader("Sec-Fetch-Mode") == "navigate" &&
		c.Query("username") != "" && c.Query(views.LineParameter) == ""
	if chosen && logs(c) != page {
		s.keep(c, logsCookie, page)
	}
}

func (s *site) remember(c *gin.Context, cookie, value string) {
	s.keep(c, cookie, value)
	c.Redirect(http.StatusSeeOther, s.ownPath(c.PostForm("next")))
}

// keep has the browser keep a choice.
func (s *site) keep(c *gin.Context, cookie, value string) {
	http.SetCookie(c.Writer, &http.Cookie{
		Name: cookie, Value: value, Path: s.base + "/",
		MaxAge: int(preferenceKept.Seconds()), Secure: c.Request.TLS != nil || s.options.SecureCookies || !auth.IsLoopback(c.Request),
		HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}
