package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// knownFor is how long a browser is known after a login.
const knownFor = 90 * 24 * time.Hour

// KnownBrowsers knows the browsers in which people have logged in before, by a signed cookie. A known browser gives no right. It
// only waits in a lane of its own while strangers have passwords checked without end.
type KnownBrowsers struct {
	cookie cookies
	now    func() time.Time
	key    *sharedKey // by which cookies are signed
}

// KnownBrowsers returns the browsers that are known where these sessions are kept.
func (s *Sessions) KnownBrowsers() *KnownBrowsers {
	return &KnownBrowsers{cookie: s.store.cookies, now: s.store.now, key: &sharedKey{client: s.store.client, name: s.store.keys.browserKey()}}
}

// Remember makes the browser a known one for an account. Where Redis fails it stays a stranger, which costs it nothing but time.
func (k *KnownBrowsers) Remember(c *gin.Context, account string) {
	key, err := k.key.get(c.Request.Context())
	if err != nil {
		return
	}
	until := binary.BigEndian.AppendUint64(nil, uint64(k.now().Add(knownFor).Unix()))
	cookie := k.cookie.cookie(c.Request, k.name(c.Request), base64.RawURLEncoding.EncodeToString(append(until, sign(key, account, until)...)))
	cookie.MaxAge, cookie.SameSite = int(knownFor.Seconds()), http.SameSiteStrictMode
	http.SetCookie(c.Writer, cookie)
}

// Knows reports whether somebody has logged in to the account in this browser before. Where Redis fails it is not known.
func (k *KnownBrowsers) Knows(c *gin.Context, account string) bool {
	cookie, err := c.Request.Cookie(k.name(c.Request))
	if err != nil {
		return false
	}
	value, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil || len(value) != 8+sha256.Size || int64(binary.BigEndian.Uint64(value)) < k.now().Unix() {
		return false
	}
	key, err := k.key.get(c.Request.Context())
	return err == nil && hmac.Equal(value[8:], sign(key, account, value[:8]))
}

// name is that of the session's cookie, and more.
func (k *KnownBrowsers) name(r *http.Request) string { return k.cookie.name(r) + ".known" }

func sign(key []byte, account string, until []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(until)
	mac.Write([]byte(account))
	return mac.Sum(nil)
}
