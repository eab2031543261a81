package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchunit"
)

// processors end the name of a benchmark.
var processors = regexp.MustCompile(`-\d+$`)

// samples are what the benchmarks of a row report: by the name below the row's function and by tidy unit, a value for each round.
type samples map[string]map[string][]float64

// run runs benchmarks once.
func (s samples) run(ctx context.Context, binary string, args []string) error {
	cmd := exec.CommandContext(ctx, binary, args...)
	output, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, output)
	}
	return s.read(bytes.NewReader(output))
}

// read adds what is in the output of benchmarks.
func (s samples) read(output io.Reader) error {
	for reader := benchfmt.NewReader(output, ""); ; {
		if !reader.Scan() {
			return reader.Err()
		}
		result, ok := reader.Result().(*benchfmt.Result)
		if !ok {
			continue
		}
		_, name, _ := strings.Cut(processors.ReplaceAllString(result.Name.String(), ""), "/")
		if s[name] == nil {
			s[name] = map[string][]float64{}
		}
		for _, v := range result.Values {
			value, unit := benchunit.Tidy(v.Value, v.Unit) // the reader leaves units of zeros as they are
			s[name][unit] = append(s[name][unit], value)
		}
	}
}
