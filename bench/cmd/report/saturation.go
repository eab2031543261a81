package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"time"
)

// How the application is saturated.
const (
	saturationPairs  = 5
	saturationWindow = 4 * time.Second
	handlerTime      = 100 * time.Microsecond // of CPU
)

// measureSaturation compares how many requests a second the application answers at most, without
// and with Track: with a handler that does some work, and with one that does none.
func measureSaturation(ctx context.Context, l lab) ([]finding, error) {
	ratio, dropped, err := saturate(ctx, l, roundsOf(handlerTime))
	if err != nil {
		return nil, err
	}
	emptyRatio, emptyDropped, err := saturate(ctx, l, 0)
	if err != nil {
		return nil, err
	}
	return []finding{{
		what:     "saturation: requests/s with Track, of a handler of 100 µs CPU",
		must:     "≥ 0.85 ×, nothing dropped",
		measured: fmt.Sprintf("%.2f ×, %.1f %% dropped", ratio, 100*dropped),
		met:      ratio >= 0.85 && dropped == 0,
	}, {
		what:     "saturation: of an empty handler",
		must:     "(to be known)",
		measured: fmt.Sprintf("%.2f ×, %.1f %% dropped", emptyRatio, 100*emptyDropped),
		met:      true,
	}}, nil
}

// saturate returns the median ratio of neighbouring windows, and the share of entries dropped.
func saturate(ctx context.Context, l lab, rounds int) (ratio, dropped float64, err error) {
	server, err := startRedis(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer server.stop()
	p, err := startPair(server.url, rounds)
	if err != nil {
		return 0, 0, err
	}
	defer p.stop()
	var ratios []float64
	for round := range saturationPairs {
		var off, on float64
		err := p.inTurns(round,
			func(a *application) (err error) { off, err = wrk(ctx, l, a.address); return err },
			func(a *application) (err error) { on, err = wrk(ctx, l, a.address); return err })
		if err != nil {
			return 0, 0, err
		}
		fmt.Fprintf(l.progress, "  %.0f requests/s without Track, %.0f with it\n", off, on)
		ratios = append(ratios, on/off)
	}
	stats, err := p.on.stats(ctx)
	if err != nil {
		return 0, 0, err
	}
	return median(ratios), float64(stats.Dropped.Total()) / float64(stats.Accepted), nil
}

// wrk asks an application as fast as it answers, and returns the requests per second. An answer that
// is not a success is an error.
func wrk(ctx context.Context, l lab, address string) (float64, error) {
	seconds := max(int(l.lasting(saturationWindow).Seconds()), 1) // wrk knows no fractions
	cmd := exec.CommandContext(ctx, "wrk", "-t1", "-c16", fmt.Sprintf("-d%ds", seconds), "http://"+address+"/orders/7")
	cmd.Stderr = os.Stderr
	output, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", cmd, err)
	}
	return parseWrk(string(output))
}

var (
	wrkRate    = regexp.MustCompile(`(?m)^Requests/sec:\s+([0-9.]+)$`)
	wrkFailure = regexp.MustCompile(`(?m)^\s*(Non-2xx or 3xx responses|Socket errors):.*$`)
)

// parseWrk finds the requests per second in wrk's output.
func parseWrk(output string) (float64, error) {
	if failure := wrkFailure.FindString(output); failure != "" {
		return 0, fmt.Errorf("wrk: %s", failure)
	}
	found := wrkRate.FindStringSubmatch(output)
	if found == nil {
		return 0, fmt.Errorf("wrk: no requests per second in %q", output)
	}
	return strconv.ParseFloat(found[1], 64)
}
