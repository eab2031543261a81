package tracing_test

import (
	"testing"

	"github.com/redis/go-redis/v9/logging"

	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestMain(m *testing.M) {
	logging.Disable() // go-redis tells of a Redis that a test kills
	redistest.VerifyNoLeaks(m)
}
