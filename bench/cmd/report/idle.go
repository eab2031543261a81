package main

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// idleWindow is for how long it is measured what viewers cost who have nothing to see.
const idleWindow = time.Second

// poolPerProcessor is how many connections to Redis go-redis' pool has for each processor. Viewers who come at
// once have it open them all, and it keeps them.
const poolPerProcessor = 10

// measureIdle holds more and more viewers, each of a user of its own, and measures what they take.
func measureIdle(ctx context.Context, l lab) ([]finding, error) {
	const most = 10_000
	if err := allowFiles(most + 1000); err != nil {
		return nil, err
	}
	return withUserlog(ctx, func(server *redisServer, s *liveServer) ([]finding, error) {
		options, err := redis.ParseURL(server.url)
		if err != nil {
			return nil, err
		}
		client := redis.NewClient(options)
		defer client.Close()
		var viewers audience
		defer viewers.leave()
		queries := watching(most, most, "")
		var holds []hold
		for _, n := range []int{1, 100, 1000, most} { // one viewer has the feed and its connection begin
			began := time.Now()
			if err := viewers.join(ctx, s, queries[len(viewers.spectators):n]); err != nil {
				return nil, err
			}
			h, err := s.hold(ctx, l, client)
			if err != nil {
				return nil, err
			}
			h.viewers = n
			fmt.Fprintf(l.progress, "  %d viewers, after %v\n", n, time.Since(began).Round(time.Millisecond))
			holds = append(holds, h)
		}
		return idleFindings(holds[0], holds[1:]), nil
	})
}

// hold is what the server uses for a number of idle viewers.
type hold struct {
	usage
	viewers     int
	connections int           // to Redis
	cpu         time.Duration // of the server, in a second
}

func (s *liveServer) hold(ctx context.Context, l lab, client *redis.Client) (h hold, err error) {
	if h.usage, err = s.usage(ctx, true); err != nil {
		return hold{}, err
	}
	list, err := client.ClientList(ctx).Result()
	if err != nil {
		return hold{}, fmt.Errorf("list the connections: %w", err)
	}
	h.connections = strings.Count(list, "\n") - 1 // without ours
	window := l.lasting(idleWindow)
	used, err := cpuOf(func() error { time.Sleep(window); return nil }, s.cmd.Process.Pid)
	if err != nil {
		return hold{}, err
	}
	h.cpu = time.Duration(float64(used[0]) * float64(time.Second) / float64(window))
	return h, nil
}

// idleFindings compares holds with that of one viewer.
func idleFindings(one hold, holds []hold) []finding {
	pool := poolPerProcessor * runtime.GOMAXPROCS(0)
	var findings []finding
	for _, h := range holds {
		n := int64(h.viewers - one.viewers)
		findings = append(findings, finding{
			what: fmt.Sprintf("live: %d idle viewers, each of another user", h.viewers),
			must: fmt.Sprintf("all held; connections to Redis: those for one, and the pool's %d", pool),
			measured: fmt.Sprintf("%d held, %.1f KiB and %.2f goroutines a viewer, %d connections to Redis (%d for one), %.1f %% of a CPU",
				h.Sockets, float64(h.Memory-one.Memory)/float64(n)/1024, float64(h.Goroutines-one.Goroutines)/float64(n),
				h.connections, one.connections, 100*h.cpu.Seconds()),
			met: h.Sockets == int64(h.viewers) && h.connections <= one.connections+pool,
		})
	}
	return findings
}

// allowFiles makes sure that this process, and those that it starts, may have n files open.
func allowFiles(n uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("read the limit of open files: %w", err)
	}
	if limit.Cur >= n {
		return nil
	}
	limit.Cur, limit.Max = n, max(limit.Max, n)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("raise the limit of open files to %d (ulimit -n): %w", n, err)
	}
	return nil
}
