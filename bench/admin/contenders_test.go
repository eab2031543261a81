package admin

import (
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// kind is a kind of viewers that are compared with others.
type kind struct{ name, kind, format string }

func kinds() []kind {
	return []kind{{"pages", "userlog", ""}, {"programs", "userlog", "json"}, {"loop", "loop", ""}, {"centrifuge", "centrifuge", ""}}
}

// contender is viewers of one kind, what they have seen, and what that took.
type contender struct {
	kind

	viewers *viewers
	seen    seen
	cpu     time.Duration // of the server
}

// contenders are all kinds, in the order of kinds, each with a server of its own. Nobody watches yet.
func contenders(b *testing.B) []*contender {
	b.Helper()
	var all []*contender
	for _, k := range kinds() {
		all = append(all, &contender{kind: k, viewers: watch(b, k.kind, redistest.Start(b).URL)})
	}
	return all
}

// begin forgets what was measured.
func (c *contender) begin() { c.seen, c.cpu = seen{}, 0 }

// measure records a burst, and adds what viewers see of it.
func (c *contender) measure(load burst) {
	before := c.viewers.server.Usage().CPU
	c.seen.add(c.viewers.burst(load))
	c.cpu += c.viewers.server.Usage().CPU - before
}

// takeTurns measures the same bursts of all, one after the other, and reports them.
func takeTurns(b *testing.B, all []*contender, load burst) {
	b.Helper()
	for b.Loop() {
		for _, c := range all {
			c.measure(load)
		}
	}
	b.ReportMetric(0, "ns/op")
	for _, c := range all {
		c.report(b)
	}
}

func (c *contender) report(b *testing.B) {
	report(b, c.name+"-", c.seen.Histogram)
	b.ReportMetric(float64(c.cpu.Nanoseconds())/float64(max(c.seen.TotalCount(), 1)), c.name+"-cpu-ns/row")
	b.ReportMetric(float64(c.seen.lost), c.name+"-lost")
}
