package soak

import (
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// However the network fails, the stats stay exact and nothing arrives twice.
func TestNetwork(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		fail func(n *network)
	}{
		{"blackhole", (*network).blackhole},
		{"requests are lost", func(n *network) { n.fail("timeout", "upstream", `"timeout": 0`) }},
		{"answers are lost", func(n *network) { n.fail("timeout", "downstream", `"timeout": 0`) }},
		{"reset by peer", func(n *network) { n.fail("reset_peer", "downstream", `"timeout": 0`) }},
		{"reset after a while", func(n *network) { n.fail("reset_peer", "upstream", `"timeout": 20`) }},
		{"cut amidst a transaction", func(n *network) { n.fail("limit_data", "upstream", `"bytes": 5000`) }},
		{"answers are late", func(n *network) { n.fail("latency", "downstream", `"latency": 400`) }},
		{"refused", (*network).refuse},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server, network, client := behindNetwork(t)
			direct := server.Client(t)
			logs := open(t, client, store.Options{MaxEntries: 10_000, QueueSize: roomy()})
			heard := listen(t, logs, direct)
			load := startLoad(t, logs, 500)
			for range long(2, 20) {
				during(t, logs, 300*time.Millisecond)
				test.fail(network)
				during(t, logs, 700*time.Millisecond)
				network.heal()
				redistest.Eventually(t, "entries are written again", func() bool { return logs.Stats().Connected })
			}
			load.stop()
			present := audit(t, logs, direct)
			heard.hasAll(t, direct)
			if s := logs.Stats(); s.Dropped.Total() != 0 {
				t.Errorf("entries were dropped: %+v", s)
			}
			summary(t, logs, test.name, "present", present, "heard", heard.count(), "slowest Record", load.slowest)
		})
	}
}
