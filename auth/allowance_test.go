package auth_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestAllowanceOfAnAccount(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		allowance := auth.NewAllowance(client, keys)
		useUpAllowance(t, allowance)
		for _, other := range []struct {
			account string
			via     auth.Via
		}{{"ada", auth.ViaToken}, {"grace", auth.ViaSession}, {strings.Repeat("x", 1<<20), auth.ViaHost}} {
			if wait := take(t, allowance, other.account, other.via); wait != 0 {
				t.Errorf("%.10s by %s has to wait %v", other.account, other.via, wait)
			}
		}
		for key, ttl := range expiries(t, client) {
			if len(key) > 100 || ttl <= 0 || ttl > 5*time.Minute {
				t.Errorf("the key %.100s expires in %v", key, ttl)
			}
		}
		age(t, client, time.Minute)
		for range auth.RecordedPerMinute {
			if wait := take(t, allowance, "ada", auth.ViaSession); wait != 0 {
				t.Fatalf("a minute later it has to wait %v", wait)
			}
		}
	})
}

// Notes are few, and counted apart: who may send none any more can still look.
func TestNotesAreCountedApart(t *testing.T) {
	t.Parallel()
	allowance := auth.NewAllowance(redistest.Start(t).Client(t), keys)
	var wait time.Duration
	taken := 0
	for ; wait == 0 && taken < 2*auth.NotedAtOnce+auth.NotedPerMinute; taken++ {
		var err error
		if wait, err = allowance.TakeNote(t.Context(), "ada"); err != nil {
			t.Fatal(err)
		}
	}
	if taken <= auth.NotedAtOnce || wait == 0 || wait > time.Minute/auth.NotedPerMinute {
		t.Errorf("%d were sent, then a wait of %s", taken, wait)
	}
	if wait := take(t, allowance, "ada", auth.ViaSession); wait != 0 {
		t.Errorf("a look has to wait %s", wait)
	}
}

func TestAllowanceWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	allowance := auth.NewAllowance(impatient(t, server), keys)
	server.Kill()
	useUpAllowance(t, allowance)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := allowance.Take(ctx, "ada", auth.ViaSession); !errors.Is(err, context.Canceled) {
		t.Errorf("for a request that has ended: %v", err)
	}
}

// A Redis that answers, and refuses to count, must be seen to do so.
func TestAllowanceWhereScriptsAreForbidden(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t, "--rename-command", "EVALSHA", "").Client(t)
	if _, err := auth.NewAllowance(client, keys).Take(t.Context(), "ada", auth.ViaSession); err == nil {
		t.Error("Take: no error")
	}
}

// useUpAllowance takes all that ada may have recorded at once, and checks that it was that: more only as
// far as time went by.
func useUpAllowance(t *testing.T, allowance *auth.Allowance) {
	t.Helper()
	begun, taken := time.Now(), 0
	wait := time.Duration(0)
	for ; wait == 0 && taken < 2*auth.RecordedAtOnce; wait = take(t, allowance, "ada", auth.ViaSession) {
		taken++
	}
	taken-- // the first round took nothing
	most := auth.RecordedAtOnce + 1 + int(time.Since(begun)*auth.RecordedPerMinute/time.Minute)
	if taken < auth.RecordedAtOnce || taken > most || wait > time.Minute/auth.RecordedPerMinute {
		t.Errorf("%d were allowed, want %d to %d; then a wait of %v", taken, auth.RecordedAtOnce, most, wait)
	}
}

func take(t *testing.T, allowance *auth.Allowance, account string, via auth.Via) time.Duration {
	t.Helper()
	wait, err := allowance.Take(t.Context(), account, via)
	if err != nil {
		t.Fatal(err)
	}
	return wait
}
