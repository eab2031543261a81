package soak

import (
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// Killing Redis again and again, and giving it its data back, leaves the stats exact.
func TestKill(t *testing.T) {
	t.Parallel()
	cycles := long(4, 20)
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	client := server.Client(t)
	logs := open(t, client, store.Options{MaxEntries: 10_000, QueueSize: roomy()})
	heard := listen(t, logs, client)
	view(t, logs)
	load := startLoad(t, logs, 2000)
	for range cycles {
		during(t, logs, 300*time.Millisecond)
		server.Kill()
		during(t, logs, 100*time.Millisecond)
		server.Restart()
		redistest.Eventually(t, "entries are written again", func() bool { return logs.Stats().Connected })
	}
	load.stop()
	present := audit(t, logs, client)
	s := logs.Stats()
	if s.Dropped.Total() != 0 || s.Indeterminate > inDoubt(cycles) {
		t.Errorf("more was lost than one batch a cycle: %+v", s)
	}
	summary(t, logs, "kill -9", "cycles", cycles, "present", present, "heard", heard.count(), "slowest Record", load.slowest)
}
