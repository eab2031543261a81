package auth_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	redistest.AtOnce(6)
	redistest.VerifyNoLeaks(m)
}

// keys needs no prefix: every test has a Redis of its own.
var keys auth.Keys

// cheap has passwords hashed at once. At the usual cost, a busy machine would have some of them wait for too long.
var cheap = auth.AccountOptions{Cost: auth.Cost{Memory: 8, Passes: 1, Threads: 1}}

const password = "correct horse battery"

// impatient returns a client that gives up at once when the server is gone.
func impatient(t *testing.T, server *redistest.Server) redis.UniversalClient {
	t.Helper()
	options := *server.Client(t).Options()
	options.MaxRetries, options.DialerRetries = -1, 1
	client := redis.NewClient(&options)
	t.Cleanup(func() { _ = client.Close() }) // it has nothing to say after the test
	return client
}

// forward lets every key of the server age by d.
func forward(t *testing.T, client redis.UniversalClient, d time.Duration) {
	t.Helper()
	ctx := t.Context()
	for _, key := range allKeys(t, client) {
		ttl, err := client.PTTL(ctx, key).Result()
		if err != nil {
			t.Fatal(err)
		}
		if ttl < 0 {
			continue
		}
		if err := client.PExpire(ctx, key, ttl-d).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// ageLink makes an account's one-time link older.
func ageLink(t *testing.T, client redis.UniversalClient, name string, by time.Duration) {
	t.Helper()
	line := client.HGet(t.Context(), keys.Accounts(), name).Val()
	var account map[string]any
	if err := json.Unmarshal([]byte(line), &account); err != nil {
		t.Fatal(err)
	}
	account["link_expires"] = account["link_expires"].(float64) - by.Seconds()
	older, err := json.Marshal(account)
	if err = errors.Join(err, client.HSet(t.Context(), keys.Accounts(), name, older).Err()); err != nil {
		t.Fatal(err)
	}
}

// forge replaces part of what a key holds.
func forge(t *testing.T, client redis.UniversalClient, key, old, by string) {
	t.Helper()
	line, err := client.Get(t.Context(), key).Result()
	if err = errors.Join(err, client.Set(t.Context(), key, strings.Replace(line, old, by, 1), redis.KeepTTL).Err()); err != nil {
		t.Fatal(err)
	}
}

// allKeys returns what is in Redis besides the accounts.
func allKeys(t *testing.T, client redis.UniversalClient) []string {
	t.Helper()
	all, err := client.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(key string) bool { return key == keys.Accounts() })
}

// expiries returns the keys that are in Redis besides the accounts, and how long each lasts. Some last for a second only.
func expiries(t *testing.T, client redis.UniversalClient) map[string]time.Duration {
	t.Helper()
	found := make(map[string]time.Duration)
	for _, key := range allKeys(t, client) {
		ttl, err := client.PTTL(t.Context(), key).Result()
		if err != nil {
			t.Fatal(err)
		}
		if ttl != -2 { // or else the key has expired meanwhile
			found[key] = ttl
		}
	}
	if len(found) == 0 {
		t.Error("all keys have expired")
	}
	return found
}
