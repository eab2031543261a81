//go:build unix

package redistest

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/memredis"
)

// Each runs one suite on everything that userlog stores logs in: as subtest "redis" on a real
// server, as subtest "embedded" on the in-memory one. Both are empty and the subtest's own.
func Each(t *testing.T, run func(t *testing.T, client redis.UniversalClient)) {
	t.Helper()
	t.Run("redis", func(t *testing.T) { run(t, Start(t).Client(t)) })
	t.Run("embedded", func(t *testing.T) { run(t, embedded(t)) })
}

// embedded returns a client of an in-memory server of its own.
func embedded(t testing.TB) *redis.Client {
	server := memredis.Start()
	client := server.Client()
	t.Cleanup(func() {
		_ = client.Close() // a test may have closed it already
		server.Close()
	})
	return client
}
