package auth_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestThrottleOfAccountAndAddress(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		throttle := auth.NewThrottle(client, keys)
		for range auth.AttemptsPerPair {
			wantAllowed(t, throttle, "ada", "192.0.2.1")
		}
		wantRefused(t, throttle, "ada", "192.0.2.1")
		wantAllowed(t, throttle, "ada", "192.0.2.2")
		wantAllowed(t, throttle, "grace", "192.0.2.1")
	})
}

// One attempt more is allowed exactly when it was said to be, however often it is tried before.
func TestWaitsAreTrue(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		throttle := auth.NewThrottle(client, keys)
		for range auth.AttemptsPerPair {
			wantAllowed(t, throttle, "ada", "192.0.2.1")
		}
		wait := wantRefused(t, throttle, "ada", "192.0.2.1")
		if again := wantRefused(t, throttle, "ada", "192.0.2.1"); again > wait {
			t.Errorf("a refused attempt made the wait longer: %v, then %v", wait, again)
		}
		const margin = 10 * time.Second
		age(t, client, wait-margin)
		if left := wantRefused(t, throttle, "ada", "192.0.2.1"); left > margin {
			t.Errorf("%v before the end of %v, wait %v", margin, wait, left)
		}
		age(t, client, margin)
		wantAllowed(t, throttle, "ada", "192.0.2.1")
		wantRefused(t, throttle, "ada", "192.0.2.1")
	})
}

func TestThrottleOfAddress(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		throttle := auth.NewThrottle(client, keys)
		useUpAddress(t, func(i int) time.Duration { return attempt(t, throttle, strings.Repeat("x", i+1), "192.0.2.1") })
		wantAllowed(t, throttle, "ada", "192.0.2.2")
	})
}

func TestRefusedAttemptsLeaveTheAddressToOthers(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
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
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		throttle := auth.NewThrottle(client, keys)
		useUpAddress(t, func(int) time.Duration {
			wait := attempt(t, throttle, "ada", "192.0.2.1")
			if err := throttle.Succeeded(t.Context(), "ada", "192.0.2.1"); err != nil {
				t.Fatal(err)
			}
			return wait
		})
	})
}

// useUpAddress makes attempts until one has to wait, and checks that this was at the limit of an address. There may be a few
// more attempts, since the limit grows as time goes by.
func useUpAddress(t *testing.T, attempt func(i int) time.Duration) {
	t.Helper()
	begun := time.Now()
	allowed := 0
	for attempt(allowed) == 0 {
		allowed++
	}
	most := auth.AttemptsByAddress + 1 + int(time.Since(begun)*auth.AttemptsByAddress/auth.ThrottleWindow)
	if allowed < auth.AttemptsByAddress || allowed > most {
		t.Errorf("%d attempts were allowed, want %d to %d", allowed, auth.AttemptsByAddress, most)
	}
}

func TestThrottleCountsParallelAttempts(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
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
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
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
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		throttle := auth.NewThrottle(client, keys)
		wantAllowed(t, throttle, strings.Repeat("x", 1<<20), "192.0.2.1")
		for key, ttl := range expiries(t, client) {
			if len(key) > 100 {
				t.Errorf("a key of %d bytes", len(key))
			}
			if ttl <= 0 || ttl > auth.ThrottleWindow/auth.AttemptsPerPair {
				t.Errorf("%s expires in %v", key, ttl)
			}
		}
	})
}

func TestThrottleKeysBeginWithThePrefix(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		wantAllowed(t, auth.NewThrottle(client, auth.Keys{Prefix: "shop:"}), "ada", "192.0.2.1")
		for _, key := range allKeys(t, client) {
			if !strings.HasPrefix(key, "shop:attempts:") {
				t.Errorf("a key %q", key)
			}
		}
	})
}

func TestThrottleWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	throttle := auth.NewThrottle(impatient(t, server), keys)
	server.Kill()
	for range auth.AttemptsPerPair {
		wantAllowed(t, throttle, "ada", "192.0.2.1")
	}
	wantRefused(t, throttle, "ada", "192.0.2.1")
	wantAllowed(t, throttle, "ada", "192.0.2.2")
	if err := throttle.Succeeded(t.Context(), "ada", "192.0.2.1"); err == nil {
		t.Error("Succeeded: no error")
	}
	wantAllowed(t, throttle, "ada", "192.0.2.1")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := throttle.Allow(ctx, "ada", "192.0.2.1"); !errors.Is(err, context.Canceled) {
		t.Errorf("Allow of a request that has ended: %v", err)
	}
}

// A Redis that answers, and refuses to count, must be seen to do so.
func TestThrottleWhereScriptsAreForbidden(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t, "--rename-command", "EVALSHA", "").Client(t)
	if _, err := auth.NewThrottle(client, keys).Allow(t.Context(), "ada", "192.0.2.1"); err == nil {
		t.Error("Allow: no error")
	}
}

// age makes the attempts that are counted older by d. Their time is the counter's value.
func age(t *testing.T, client redis.UniversalClient, d time.Duration) {
	t.Helper()
	for _, key := range allKeys(t, client) {
		if err := client.IncrByFloat(t.Context(), key, -d.Seconds()).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// attempt makes an attempt and returns how long it has to wait.
func attempt(t *testing.T, throttle *auth.Throttle, name, address string) time.Duration {
	t.Helper()
	wait, err := throttle.Allow(t.Context(), name, address)
	if err != nil {
		t.Fatal(err)
	}
	if wait < 0 || wait > auth.ThrottleWindow {
		t.Errorf("%.20s from %s: wait %v, want up to %v", name, address, wait, auth.ThrottleWindow)
	}
	return wait
}

func wantAllowed(t *testing.T, throttle *auth.Throttle, name, address string) {
	t.Helper()
	if wait := attempt(t, throttle, name, address); wait != 0 {
		t.Errorf("%.20s from %s has to wait %v", name, address, wait)
	}
}

func wantRefused(t *testing.T, throttle *auth.Throttle, name, address string) (wait time.Duration) {
	t.Helper()
	if wait = attempt(t, throttle, name, address); wait == 0 {
		t.Errorf("%.20s from %s need not wait", name, address)
	}
	return wait
}

// An attacker who has a whole network has an allowance for all of it, and neighbours beyond it have their own.
func TestThrottleOfNetworks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what, address, neighbour string // address has a place for the number of the network, from 0 to 255
		attempts                 int
	}{
		{"an IPv4 /24", "192.0.2.%d", "192.0.3.1", auth.AttemptsBySite},
		{"the same as IPv6", "::ffff:192.0.2.%d", "192.0.3.1", auth.AttemptsBySite},
		{"an IPv6 /56", "2001:db8:0:%x::1", "2001:db8:0:100::1", auth.AttemptsBySite},
		{"an IPv6 /48", "2001:db8:0:%x00::1", "2001:db8:1::1", auth.AttemptsByNetwork},
	} {
		t.Run(c.what, func(t *testing.T) {
			eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
				throttle, begun, allowed := auth.NewThrottle(client, keys), time.Now(), 0
				for n := range 3 * c.attempts {
					if attempt(t, throttle, fmt.Sprint(n), fmt.Sprintf(c.address, n%256)) == 0 {
						allowed++
					}
				}
				if most := c.attempts + 1 + int(time.Since(begun)*time.Duration(c.attempts)/auth.ThrottleWindow); allowed < c.attempts || allowed > most {
					t.Errorf("%d attempts were allowed, want %d to %d", allowed, c.attempts, most)
				}
				wantAllowed(t, throttle, "ada", c.neighbour)
			})
		})
	}
}
