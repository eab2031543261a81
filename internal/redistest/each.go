//go:build unix

package redistest

import (
	"context"
	"net"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Each runs one suite on everything that userlog stores logs in: as subtest "redis" on a real
// server, as subtest "embedded" on miniredis. Both are empty and the subtest's own.
func Each(t *testing.T, run func(t *testing.T, client redis.UniversalClient)) {
	t.Helper()
	t.Run("redis", func(t *testing.T) { run(t, Start(t).Client(t)) })
	t.Run("embedded", func(t *testing.T) { run(t, embedded(t)) })
}

// embedded returns a client of a miniredis of its own, reached through a pipe in memory.
func embedded(t testing.TB) *redis.Client {
	server := miniredis.NewMiniRedis()
	client := redis.NewClient(&redis.Options{
		Dialer:                   func(context.Context, string, string) (net.Conn, error) { return server.Dial() },
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	t.Cleanup(func() {
		_ = client.Close() // a test may have closed it already
		server.Close()
	})
	return client
}
