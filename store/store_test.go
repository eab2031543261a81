package store_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

func TestMain(m *testing.M) { redistest.VerifyNoLeaks(m) }

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) *redis.Client { return redistest.Patient(t, redistest.Start(t).Client(t)) })
}
