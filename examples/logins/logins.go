// Package logins has ways to tell userlog whose request it is, one for each common kind of login.
// Copy the function that fits your application, and pass it to middleware.Track.
package logins

import (
	"strings"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
)

// FromBasicAuth is for gin.BasicAuth.
func FromBasicAuth(c *gin.Context) string { return c.GetString(gin.AuthUserKey) }

// FromSession is for gin-contrib/sessions whose session has the user's name as "user". On routes
// without the session's middleware it returns "", where sessions.Default would panic.
func FromSession(c *gin.Context) string {
	value, _ := c.Get(sessions.DefaultKey)
	session, ok := value.(sessions.Session)
	if !ok {
		return ""
	}
	name, _ := session.Get("user").(string)
	return name
}

// FromToken is for tokens, such as JSON Web Tokens, in the Authorization header or in a cookie. Where
// a route's own middleware has verified the token, it has set "user". Elsewhere verify is called: it
// returns the user's name, and must check the signature and the expiry.
func FromToken(verify func(token string) (username string, err error)) func(*gin.Context) string {
	return func(c *gin.Context) string {
		if username := c.GetString("user"); username != "" {
			return username
		}
		token, found := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer ")
		if !found {
			token, _ = c.Cookie("token") // "" without the cookie
		}
		if token == "" {
			return ""
		}
		username, err := verify(token)
		if err != nil {
			return ""
		}
		return username
	}
}
