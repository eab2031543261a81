package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// benchmarks are the results of Go benchmarks: name without "Benchmark" and number of CPUs → unit →
// one value for each time that it ran.
type benchmarks map[string]map[string][]float64

// runBenchmark runs one benchmark of package bench five times, and shows its output as progress.
func runBenchmark(ctx context.Context, l lab, name string) (benchmarks, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^Benchmark"+name+"$", "-benchmem",
		"-count", "5", "-benchtime", l.lasting(benchTime).String(), ".")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&output, l.progress), os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w", cmd, err)
	}
	return parseBenchmarks(output.String()), nil
}

// resultLine is a line of a benchmark's output: name, CPUs, iterations, values with their units.
var resultLine = regexp.MustCompile(`(?m)^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+(.+)$`)

// parseBenchmarks reads the output of go test -bench; what is not a result is skipped.
func parseBenchmarks(output string) benchmarks {
	results := benchmarks{}
	for _, line := range resultLine.FindAllStringSubmatch(output, -1) {
		units := results[line[1]]
		if units == nil {
			units = map[string][]float64{}
			results[line[1]] = units
		}
		fields := strings.Fields(line[2])
		for i := 0; i+1 < len(fields); i += 2 {
			if value, err := strconv.ParseFloat(fields[i], 64); err == nil {
				units[fields[i+1]] = append(units[fields[i+1]], value)
			}
		}
	}
	return results
}

// median is the median of what one benchmark measured in unit; NaN, which meets no requirement,
// where it did not.
func (b benchmarks) median(name, unit string) float64 { return median(b[name][unit]) }
