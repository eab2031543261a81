package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"time"
)

// How the CPU time is measured.
const (
	cpuRate   = 5000
	cpuPairs  = 5
	cpuWindow = 4 * time.Second
	mostCPU   = 30 * time.Microsecond // per recorded request
)

// measureCPU measures what a recorded request costs the application and Redis together, beyond what
// the request itself costs.
func measureCPU(ctx context.Context, l lab) ([]finding, error) {
	server, err := startRedis(ctx)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	p, err := startPair(server.url, 0)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	each := load{cpuRate, l.lasting(cpuWindow)}
	var host, redis []float64 // µs a request
	for round := range cpuPairs {
		var without, with []time.Duration
		err := p.inTurns(round,
			func(a *application) (err error) {
				without, err = cpuOf(func() error { return each.settle(ctx, a, false) }, a.cmd.Process.Pid)
				return err
			},
			func(a *application) (err error) {
				with, err = cpuOf(func() error { return each.settle(ctx, a, true) }, a.cmd.Process.Pid, server.cmd.Process.Pid)
				return err
			})
		if err != nil {
			return nil, err
		}
		requests := float64(each.requests())
		host = append(host, microseconds(with[0]-without[0])/requests)
		redis = append(redis, microseconds(with[1])/requests)
	}
	total := median(host) + median(redis)
	return []finding{{
		what:     fmt.Sprintf("CPU per recorded request at %d/s, application and Redis", cpuRate),
		must:     "≤ 30 µs",
		measured: fmt.Sprintf("%.1f µs (%.1f + %.1f)", total, median(host), median(redis)),
		met:      total <= microseconds(mostCPU),
	}}, nil
}

// settle runs the load; where the application records, it returns when everything is written, and an
// error if something was lost.
func (l load) settle(ctx context.Context, a *application, records bool) error {
	if _, err := l.run(ctx, a.address); err != nil || !records {
		return err
	}
	stats, err := a.stats(ctx)
	if err == nil && stats.Written != stats.Accepted {
		err = fmt.Errorf("not everything was written: %+v", stats)
	}
	return err
}

// cpuOf returns how much CPU time each of some processes uses while do runs.
func cpuOf(do func() error, pids ...int) ([]time.Duration, error) {
	used := make([]time.Duration, len(pids))
	for i, pid := range pids {
		before, err := cpuTime(pid)
		if err != nil {
			return nil, err
		}
		used[i] = -before
	}
	if err := do(); err != nil {
		return nil, err
	}
	for i, pid := range pids {
		after, err := cpuTime(pid)
		if err != nil {
			return nil, err
		}
		used[i] += after
	}
	return used, nil
}

// cpuTime is the CPU time that a process has used so far, to a hundredth of a second.
func cpuTime(pid int) (time.Duration, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, fmt.Errorf("read CPU time: %w", err)
	}
	return parseStat(stat)
}

// parseStat adds up utime and stime of /proc/PID/stat, which are in ticks of 10 ms.
func parseStat(stat []byte) (time.Duration, error) {
	const tick = 10 * time.Millisecond
	// The second field is the program's name, in parentheses, and may hold anything.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("read CPU time: too short: %q", stat)
	}
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read CPU time: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}
