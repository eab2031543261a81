//go:build unix

package team_test

import (
	"testing"

	"github.com/redis/go-redis/v9/logging"

	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestMain(m *testing.M) {
	logging.Disable() // go-redis tells of every Redis that has ended
	redistest.AtOnce(6)
	redistest.VerifyNoLeaks(m)
}
