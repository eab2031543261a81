package bench

import (
	"os"
	"testing"

	"github.com/redis/go-redis/v9/logging"
)

func TestMain(m *testing.M) {
	logging.Disable() // its lines about servers that are still starting break up those that benchstat reads
	os.Exit(m.Run())
}
