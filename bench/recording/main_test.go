// Package recording measures what recording costs an application. Its benchmarks use the middleware and the store only, so
// that they can be built with another version of those.
package recording

import (
	"testing"

	"github.com/gin-userlog/userlog/bench/internal/start"
)

func TestMain(m *testing.M) {
	start.Main(m, map[string]start.Kind{
		"plain": plain, "tracked": tracked, "recorder": serveRecorder,
		"plain-driven": driven(plain), "tracked-driven": driven(tracked), "synchronous-driven": driven(synchronous),
	})
}
