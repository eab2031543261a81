package auth_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestThrottleOfAccountAndAddress(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		throttle := auth.NewThrottle(client, keys)
		for range auth.AttemptsPerPair {
			wantAllowed(t, throttle, "ada", "192.0.2.1")
		}
		wantRefused(t, throttle, "ada", "192.0.2.1")
		wantAllowed(t, throttle, "ada", "192.0.2.2")
		wantAllowed(t, throttle, "grace", "192.0.2.1")

		// Attempts that are refused don't postpone the end of the window.
		forward(t, client, auth.ThrottleWindow/2)
		wait := wantRefused(t, throttle, "ada", "192.0.2.1")
		if wait > auth.ThrottleWindow/2 {
			t.Errorf("half a window later, wait %v", wait)
		}
		forward(t, client, auth.ThrottleWindow/2)
		wantAllowed(t, throttle, "ada", "192.0.2.1")
	})
}

func TestThrottleOfAddress(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		throttle := auth.NewThrottle(client, keys)
		for i := range auth.AttemptsByAddress {
			wantAllowed(t, throttle, strings.Repeat("x", i+1), "192.0.2.1")
		}
		wantRefused(t, throttle, "ada", "192.0.2.1")
		wantAllowed(t, throttle, "ada", "192.0.2.2")
	})
}

func TestRefusedAttemptsLeaveTheAddressToOthers(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		throttle := auth.NewThrottle(client, keys)
		for range 2 * auth.AttemptsByAddress {
			if _, err := throttle.Allow(t.Context(), "ada", "192.0.2.1"); err != nil {
				t.Fatal(err)
			}
		}
		wantAllowed(t, throttle, "grace", "192.0.2.1")
	})
}

func TestSuccessForgetsThePairOnly(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		throttle := auth.NewThrottle(client, keys)
		for range auth.AttemptsByAddress {
			wantAllowed(t, throttle, "ada", "192.0.2.1")
			if err := throttle.Succeeded(t.Context(), "ada", "192.0.2.1"); err != nil {
				t.Fatal(err)
			}
		}
		wantRefused(t, throttle, "ada", "192.0.2.1")
	})
}

func TestThrottleCountsParallelAttempts(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		throttle := auth.NewThrottle(client, keys)
		var allowed atomic.Int32
		var wg sync.WaitGroup
		for range 10 * auth.AttemptsPerPair {
			wg.Go(func() {
				wait, err := throttle.Allow(t.Context(), "ada", "192.0.2.1")
				if err != nil {
					t.Error(err)
				} else if wait == 0 {
					allowed.Add(1)
				}
			})
		}
		wg.Wait()
		if n := allowed.Load(); n != auth.AttemptsPerPair {
			t.Errorf("%d attempts were allowed, want %d", n, auth.AttemptsPerPair)
		}
	})
}

func TestThrottleTakesAnIPv6NetworkAsOne(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		throttle := auth.NewThrottle(client, keys)
		for _, address := range []string{"2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4", "2001:db8::ffff:1"} {
			wantAllowed(t, throttle, "ada", address)
		}
		wantRefused(t, throttle, "ada", "2001:db8::5")
		wantAllowed(t, throttle, "ada", "2001:db8:0:1::1")

		for _, address := range []string{"192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1"} {
			wantAllowed(t, throttle, "ada", address)
		}
		wantRefused(t, throttle, "ada", "::ffff:192.0.2.1")
		wantAllowed(t, throttle, "ada", "::ffff:192.0.2.2")
	})
}

func TestThrottleKeysAreSmallAndExpire(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		throttle := auth.NewThrottle(client, keys)
		wantAllowed(t, throttle, strings.Repeat("x", 1<<20), "192.0.2.1")
		for _, key := range allKeys(t, client) {
			if len(key) > 100 {
				t.Errorf("a key of %d bytes", len(key))
			}
			if ttl := client.PTTL(t.Context(), key).Val(); ttl <= 0 || ttl > auth.ThrottleWindow {
				t.Errorf("%s expires in %v", key, ttl)
			}
		}
	})
}

func TestThrottleWithoutRedis(t *testing.T) {
	server := redistest.Start(t)
	throttle := auth.NewThrottle(impatient(t, server), keys)
	server.Kill()
	if _, err := throttle.Allow(t.Context(), "ada", "192.0.2.1"); err == nil {
		t.Error("Allow: no error")
	}
	if err := throttle.Succeeded(t.Context(), "ada", "192.0.2.1"); err == nil {
		t.Error("Succeeded: no error")
	}
}

func wantAllowed(t *testing.T, throttle *auth.Throttle, name, address string) {
	t.Helper()
	wait, err := throttle.Allow(t.Context(), name, address)
	if err != nil {
		t.Fatal(err)
	}
	if wait != 0 {
		t.Errorf("%.20s from %s has to wait %v", name, address, wait)
	}
}

func wantRefused(t *testing.T, throttle *auth.Throttle, name, address string) (wait time.Duration) {
	t.Helper()
	wait, err := throttle.Allow(t.Context(), name, address)
	if err != nil {
		t.Fatal(err)
	}
	if wait <= 0 || wait > auth.ThrottleWindow {
		t.Errorf("%.20s from %s: wait %v, want up to %v", name, address, wait, auth.ThrottleWindow)
	}
	return wait
}
