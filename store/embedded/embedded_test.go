package embedded_test

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/embedded"
	"github.com/gin-userlog/userlog/store/embedded/internal/memredis"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

func TestMain(m *testing.M) { redistest.VerifyNoLeaks(m) }

// The embedded store is as good as one on a Redis.
func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) *redis.Client {
		server := memredis.Start()
		client := server.Client()
		t.Cleanup(func() {
			_ = client.Close() // a test may have closed it already
			server.Close()
		})
		return client
	})
}

func TestOpenRefusesBadOptions(t *testing.T) {
	if _, err := embedded.Open(store.Options{MaxEntries: -1}); err == nil || !strings.Contains(err.Error(), "MaxEntries is -1") {
		t.Errorf("got %v", err)
	}
}
