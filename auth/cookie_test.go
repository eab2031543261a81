package auth_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestCookieIsProtected(t *testing.T) {
	t.Parallel()
	const http1, https = "http://127.0.0.1:8080", "https://admin.example.com"
	for _, c := range []struct {
		what, origin, base string
		options            auth.SessionOptions
		want               http.Cookie
	}{
		{"https", https, "", auth.SessionOptions{}, http.Cookie{Name: "__Host-userlog", Secure: true}},
		{"plain http elsewhere", "http://admin.example.com", "", auth.SessionOptions{}, http.Cookie{Name: "__Host-userlog", Secure: true}},
		{"plain http", http1, "", auth.SessionOptions{}, http.Cookie{Name: "userlog!8080"}},
		{"behind a proxy", http1, "", auth.SessionOptions{Secure: true}, http.Cookie{Name: "__Host-userlog!8080", Secure: true}},
		{"a path", https, "/support/log", auth.SessionOptions{}, http.Cookie{Name: "__Host-userlog+support+log", Secure: true}},
		{"a port and a path", "https://admin.example.com:8443", "/userlog", auth.SessionOptions{}, http.Cookie{Name: "__Host-userlog+userlog!8443", Secure: true}},
		{"a default port", "https://admin.example.com:443", "/userlog", auth.SessionOptions{}, http.Cookie{Name: "__Host-userlog+userlog", Secure: true}},
		{"an IPv6 address", "http://[::1]:8080", "/userlog", auth.SessionOptions{}, http.Cookie{Name: "userlog+userlog!8080"}},
		{"domain", https, "/userlog", auth.SessionOptions{Domain: "example.com"}, http.Cookie{Name: "__Secure-userlog", Secure: true, Domain: "example.com"}},
		{"domain, plain http", http1, "/userlog", auth.SessionOptions{Domain: "example.com"}, http.Cookie{Name: "userlog", Domain: "example.com"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := newSite(redistest.Patient(t, redistest.Start(t).Client(t)), c.options)
			s.sessions = s.sessions.At(c.base)
			b := s.browser()
			b.origin = c.origin
			b.post(t, "/login/ada")
			got := b.cookie(t)
			if raw, err := base64.RawURLEncoding.DecodeString(got.Value); err != nil || len(raw) != 32 {
				t.Errorf("the value is %q, want 32 bytes in base64url", got.Value)
			}
			if got.Name != c.want.Name || got.Secure != c.want.Secure || got.Domain != c.want.Domain {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if !got.HttpOnly || got.SameSite != http.SameSiteLaxMode || got.Path != "/" || got.MaxAge != 0 {
				t.Errorf("got %+v", got)
			}
			b.wantAccount(t, "ada")
			b.post(t, "/logout")
			b.wantAccount(t, "")
			if len(b.cookies) != 0 {
				t.Errorf("logging out left %v", b.cookies)
			}
		})
	}
}

func TestForeignCookieMakesNoKey(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		valid := s.browser()
		valid.post(t, "/login/ada")
		secret := valid.cookie(t).Value
		before := allKeys(t, client)
		for what, value := range map[string]string{
			"none":             "",
			"another format":   "MTcwMDAwMDAwMHxEdi1CQkFF|",
			"an unknown id":    base64.RawURLEncoding.EncodeToString(make([]byte, 32)),
			"an altered id":    flip(secret),
			"another spelling": respell(secret),
			"a longer id":      secret + "A",
			"a shorter id":     secret[:len(secret)-1],
			"an oversized one": strings.Repeat("A", 1<<16),
		} {
			b := s.browser(&http.Cookie{Name: "__Host-userlog", Value: value})
			w := b.send(http.MethodGet, "/account")
			if w.Code != http.StatusOK || w.Body.Len() != 0 || len(w.Result().Cookies()) != 0 {
				t.Errorf("%s: status %d, logged in %q, cookies %v", what, w.Code, w.Body, w.Result().Cookies())
			}
		}
		if after := allKeys(t, client); len(after) != len(before) {
			t.Errorf("before: %q, after: %q", before, after)
		}
		valid.wantAccount(t, "ada")
	})
}

func TestUnknownSecretIsNotAdopted(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		chosen := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
		b := newSite(client, auth.SessionOptions{}).browser(&http.Cookie{Name: "__Host-userlog", Value: chosen})
		b.post(t, "/note/x")
		if b.cookie(t).Value == chosen {
			t.Error("the session has the secret that the browser brought")
		}
	})
}

// respell sets a bit of the last character that stands for nothing.
func respell(secret string) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(secret) - 1
	return secret[:last] + string(digits[strings.IndexByte(digits, secret[last])|1])
}

// flip changes one character in the middle.
func flip(secret string) string {
	b := []byte(secret)
	if i := len(b) / 2; b[i] == 'A' {
		b[i] = 'B'
	} else {
		b[i] = 'A'
	}
	return string(b)
}

func TestLoopbackIsThisMachine(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST:8080": true, "shop.localhost": true, "127.0.0.1": true, "127.1.2.3:80": true, "[::1]": true, "[::1]:8080": true,
		"": false, "example.com": false, "localhost.example.com": false, "127.0.0.1.example.com": false, "10.0.0.1:80": false, "0.0.0.0": false, "[::]:80": false,
	} {
		if got := auth.IsLoopback(&http.Request{Host: host}); got != want {
			t.Errorf("%q: %t", host, got)
		}
	}
}
