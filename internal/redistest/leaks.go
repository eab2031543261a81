//go:build unix

package redistest

import (
	"testing"

	"go.uber.org/goleak"
)

// VerifyNoLeaks is goleak.VerifyTestMain for packages whose tests take Redis away. After a failed
// dial go-redis has a goroutine that looks after the server once a second, and notices only then
// that its client has been closed; it is passed over.
func VerifyNoLeaks(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}
