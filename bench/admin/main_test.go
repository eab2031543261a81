// Package admin measures the admin: its pages, its search, its login, and how entries reach those who watch.
package admin

import (
	"testing"

	"github.com/gin-userlog/userlog/bench/internal/start"
)

func TestMain(m *testing.M) {
	start.Main(m, map[string]start.Kind{"userlog": serveUserlog, "loop": serveLoop, "centrifuge": serveCentrifuge})
}
