package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/websocket"
)

// How a viewer that never reads is measured. The load is one that the machine has no trouble with,
// so that the delays of the others are not those of a busy machine.
const (
	slowViewers = 1000
	slowUsers   = 100
	slowRate    = 500
	slowPadding = 1000             // which fills the buffers sooner
	slowBursts  = 3                // of a second, before and after
	slowMost    = 15 * time.Second // to be gone
)

// measureSlow has one viewer among many read nothing, of everyone's log, which is the longest.
func measureSlow(ctx context.Context, l lab) ([]finding, error) {
	return withUserlog(ctx, func(_ *redisServer, s *liveServer) ([]finding, error) {
		var viewers audience
		defer viewers.leave()
		if err := viewers.join(ctx, s, watching(slowViewers, slowUsers, "")); err != nil {
			return nil, err
		}
		load := burst{Users: slowUsers, Rate: slowRate, For: l.lasting(time.Second), Padding: slowPadding}
		if _, err := s.bursts(ctx, &viewers, load, 1); err != nil { // the first time
			return nil, err
		}
		without, err := s.bursts(ctx, &viewers, load, slowBursts)
		if err != nil {
			return nil, err
		}
		before, err := s.atRest(ctx)
		if err != nil {
			return nil, err
		}
		with, err := s.withSlow(ctx, &viewers, load, before)
		if err != nil {
			return nil, err
		}
		after, err := s.atRest(ctx)
		if err != nil {
			return nil, err
		}
		again, err := s.bursts(ctx, &viewers, load, slowBursts)
		if err != nil {
			return nil, err
		}
		without.merge(again)
		return []finding{with.finding(without, before, after)}, nil
	})
}

func (r stalled) finding(without tally, before, after usage) finding {
	change := ratio(percentile(r.others.delays, 99), percentile(without.delays, 99))
	gone := r.gone.Sub(r.sent)
	return finding{
		what: fmt.Sprintf("live: one that never reads among %d viewers, at %d entries/s", slowViewers, slowRate),
		must: "p99 of the others ≤ 1.2 ×; gone within 15 s, no goroutine left",
		measured: fmt.Sprintf("p99 %.2f × (%s → %s), p50 %s → %s, %s; gone %.1f s after its buffers were full, %.1f s after it came; goroutines %d → %d",
			change, milliseconds(percentile(without.delays, 99)), milliseconds(percentile(r.others.delays, 99)),
			milliseconds(percentile(without.delays, 50)), milliseconds(percentile(r.others.delays, 50)), r.others.wrong(),
			gone.Seconds(), r.gone.Sub(r.came).Seconds(), before.Goroutines, after.Goroutines),
		met: change <= 1.2 && r.others.right() && gone <= slowMost && after.Goroutines <= before.Goroutines,
	}
}

// bursts returns what viewers see of n bursts.
func (s *liveServer) bursts(ctx context.Context, viewers *audience, load burst, n int) (all tally, err error) {
	for range n {
		r, err := s.load(ctx, load)
		if err != nil {
			return tally{}, err
		}
		all.merge(viewers.tally(r))
	}
	return all, nil
}

// atRest is what the server uses while it is not asked anything else.
func (s *liveServer) atRest(ctx context.Context) (usage, error) {
	http.DefaultClient.CloseIdleConnections()
	return s.usage(ctx, true)
}

// stalled is what became of a viewer that never reads, and of the others.
type stalled struct {
	others tally
	came   time.Time
	gone   time.Time // was seen to be
	sent   time.Time // when what it was sent last was recorded: from then on its buffers were full
}

// withSlow adds a viewer that never reads, and returns when it is gone, or should have been.
func (s *liveServer) withSlow(ctx context.Context, viewers *audience, load burst, before usage) (result stalled, err error) {
	conn, err := s.dial(ctx, url.Values{"everyone": {"1"}}, &websocket.Dialer{HandshakeTimeout: patience})
	if err != nil {
		return stalled{}, err
	}
	defer conn.Close()
	result.came = time.Now()
	for time.Since(result.came) < 2*slowMost {
		seen, err := s.bursts(ctx, viewers, load, 1)
		if err != nil {
			return stalled{}, err
		}
		result.others.merge(seen)
		u, err := s.usage(ctx, false)
		if err != nil {
			return stalled{}, err
		}
		if u.Sockets <= before.Sockets {
			break
		}
	}
	result.gone = time.Now()
	result.sent = lastSent(conn)
	return result, nil
}

// lastSent reads what still waits in the buffers of a connection, and returns when the last of it was
// recorded.
func lastSent(conn *websocket.Conn) time.Time {
	last := int64(0)
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return time.Time{}
	}
	for {
		_, message, err := conn.ReadMessage()
		if err != nil {
			return time.Unix(0, last)
		}
		for _, s := range stamps(message) {
			last = max(last, s.at)
		}
	}
}
