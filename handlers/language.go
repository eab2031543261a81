package handlers

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
)

// languageKept is how long a chosen language is remembered.
const languageKept = 365 * 24 * time.Hour

// setLanguage remembers the language that the reader chose, and leads back to where she was.
func (s *site) setLanguage(c *gin.Context) {
	http.SetCookie(c.Writer, &http.Cookie{
		Name: languageCookie, Value: s.views.Match(c.PostForm("lang")), Path: s.base + "/",
		MaxAge: int(languageKept.Seconds()), Secure: c.Request.TLS != nil || s.options.SecureCookies || !auth.IsLoopback(c.Request),
		HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	c.Redirect(http.StatusSeeOther, s.ownPath(c.PostForm("next")))
}
