package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// The load that is spread to many viewers.
const (
	fanoutViewers = 1000
	fanoutUsers   = 100
	fanoutRate    = 2000
	fanoutWindow  = 3 * time.Second
	fanoutWarmUp  = 500 * time.Millisecond
)

// contender is one way of bringing the load to the viewers.
type contender struct {
	name   string
	kind   string
	format string // of userlog
}

// spread is what became of the load.
type spread struct {
	tally
	cpu time.Duration // of the server, for each message or row that was received
}

// measureFanout compares the ways. They take turns, each with a server process of its own.
func measureFanout(ctx context.Context, l lab) ([]finding, error) {
	contenders := []contender{
		{"pages", kindUserlog, ""}, {"programs", kindUserlog, "json"}, {"a plain loop", kindLoop, ""}, {"centrifuge", kindCentrifuge, ""},
	}
	results := make([]spread, len(contenders))
	for i, c := range contenders {
		fmt.Fprintf(l.progress, "  %s\n", c.name)
		var err error
		if results[i], err = c.measure(ctx, l); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	pages, programs := results[0], results[1]
	findings := []finding{{
		what:     fmt.Sprintf("live: %d viewers of %d users at %d entries/s", fanoutViewers, fanoutUsers, fanoutRate),
		must:     "p99 ≤ 250 ms, 0 lost",
		measured: fmt.Sprintf("pages %s; programs (JSON) %s", pages, programs),
		met: percentile(pages.delays, 99) <= 250*time.Millisecond && pages.right() &&
			percentile(programs.delays, 99) <= 250*time.Millisecond && programs.right(),
	}}
	for i, c := range contenders[2:] {
		other := results[i+2]
		findings = append(findings, finding{
			what: "live: the same, pages next to " + c.name,
			must: "(to be known)",
			measured: fmt.Sprintf("p50 %.1f ×, p99 %.1f ×, CPU of the server %.2f × (programs %.2f ×) of %s",
				ratio(percentile(pages.delays, 50), percentile(other.delays, 50)), ratio(percentile(pages.delays, 99), percentile(other.delays, 99)),
				ratio(pages.cpu, other.cpu), ratio(programs.cpu, other.cpu), other),
			met: true,
		})
	}
	return findings, nil
}

func (s spread) String() string {
	return fmt.Sprintf("p50 %s, p99 %s, max %s, %s, %.1f µs CPU a row", milliseconds(percentile(s.delays, 50)),
		milliseconds(percentile(s.delays, 99)), milliseconds(slices.Max(append(s.delays, 0))), s.wrong(), microseconds(s.cpu))
}

// measure has the load spread by one contender.
func (c contender) measure(ctx context.Context, l lab) (spread, error) {
	redis, err := startRedis(ctx)
	if err != nil {
		return spread{}, err
	}
	defer redis.stop()
	s, err := startLive(c.kind, redis.url)
	if err != nil {
		return spread{}, err
	}
	defer s.stop()
	// Programs are told of nothing before there is something.
	if _, err := s.load(ctx, burst{Users: fanoutUsers, Rate: fanoutRate, For: fanoutUsers * time.Second / fanoutRate}); err != nil {
		return spread{}, err
	}
	var viewers audience
	defer viewers.leave()
	if err := viewers.join(ctx, s, watching(fanoutViewers, fanoutUsers, c.format)); err != nil {
		return spread{}, err
	}
	load := burst{Users: fanoutUsers, Rate: fanoutRate, For: l.lasting(fanoutWarmUp)}
	if _, err := s.load(ctx, load); err != nil {
		return spread{}, err
	}
	load.For = l.lasting(fanoutWindow)
	var result spread
	used, err := cpuOf(func() error {
		r, err := s.load(ctx, load)
		if err == nil {
			result.tally = viewers.tally(r)
		}
		return err
	}, s.cmd.Process.Pid)
	if err != nil {
		return spread{}, err
	}
	result.cpu = used[0] / time.Duration(max(len(result.delays), 1))
	return result, nil
}
