package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"
)

// knownFor is how long a browser is known after a login.
const knownFor = 90 * 24 * time.Hour

// KnownBrowsers knows the browsers in which people have logged in before, by a signed cookie. A known browser gives no right. It
// only waits in a lane of its own while strangers have passwords checked without end.
type KnownBrowsers struct {
	client redis.UniversalClient
	keys   Keys
	cookie cookies
	now    func() time.Time

	mu  sync.Mutex
	key []byte // nil until it was read
}

// KnownBrowsers returns the browsers that are known where these sessions are kept.
func (s *Sessions) KnownBrowsers() *KnownBrowsers {
	return &KnownBrowsers{client: s.store.client, keys: s.store.keys, cookie: s.store.cookies, now: s.store.now}
}

// Remember makes the browser a known one for an account. Where Redis fails it stays a stranger, which costs it nothing but time.
func (k *KnownBrowsers) Remember(c *gin.Context, account string) {
	key, err := k.signingKey(c.Request.Context())
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
	key, err := k.signingKey(c.Request.Context())
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

// signingKey returns the key that all processes share. The first one makes it.
func (k *KnownBrowsers) signingKey(ctx context.Context) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.key != nil {
		return k.key, nil
	}
	fresh := make([]byte, sha256.Size)
	rand.Read(fresh) // never fails, it ends the program instead
	err := k.client.SetArgs(ctx, k.keys.browserKey(), fresh, redis.SetArgs{Mode: "NX"}).Err()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("make the key of known browsers: %w", err)
	}
	key, err := k.client.Get(ctx, k.keys.browserKey()).Bytes()
	if err != nil {
		return nil, fmt.Errorf("read the key of known browsers: %w", err)
	}
	k.key = key
	return key, nil
}
