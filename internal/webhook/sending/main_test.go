package sending_test

import (
	"io"
	"log"
	"testing"

	"github.com/redis/go-redis/v9/logging"

	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestMain(m *testing.M) {
	logging.Disable() // go-redis tells of every Redis that a test kills
	redistest.AtOnce(6)
	redistest.VerifyNoLeaks(m)
}

// quietLog is a log that nobody reads.
func quietLog() *log.Logger { return log.New(io.Discard, "", 0) }
