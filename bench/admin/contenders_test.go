package admin

import (
	"testing"

	"github.com/gin-userlog/userlog/bench/internal/start"
)

// kind is a kind of viewers: which server they watch, and in which format.
type kind struct{ name, server, format string }

var (
	pages       = kind{"pages", "userlog", ""}
	programs    = kind{"programs", "userlog", "json"}
	loops       = kind{"loop", "loop", ""}
	centrifuges = kind{"centrifuge", "centrifuge", ""}
)

// contenders are viewers of all kinds, each with a server of its own. Nobody watches yet.
func contenders(b *testing.B) []*viewers {
	b.Helper()
	return []*viewers{watch(b, pages), watch(b, programs), watch(b, loops), watch(b, centrifuges)}
}

// prepare has so many viewers of each kind join, and the load be seen once.
func prepare(b *testing.B, all []*viewers, n int, load burst) {
	b.Helper()
	for _, v := range all {
		v.burst(burst{Entries: load.Users, Users: load.Users, Rate: load.Rate}) // a program is told of nothing before there is something
		v.join(b, n, load.Users)
		v.burst(load)
		v.seen, v.spent = seen{}, start.Spent{}
	}
}

// takeTurns measures the same bursts of all, one after the other, and reports them.
func takeTurns(b *testing.B, all []*viewers, load burst) {
	b.Helper()
	for b.Loop() {
		for _, v := range all {
			v.spent.Add(start.Meter{Programs: []*start.Server{v.server}}.Measure(b, func() { v.seen.add(v.burst(load)) }))
		}
	}
	b.ReportMetric(0, "ns/op")
	for _, v := range all {
		v.seen.report(b, v.name+"-")
		b.ReportMetric(float64(v.spent.Ours.Nanoseconds())/float64(max(v.seen.TotalCount(), 1)), v.name+"-cpu-ns/row")
	}
}
