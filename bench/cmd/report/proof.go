package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// proof is a test of another module that shows what breaks and what does not, and prints its figures.
type proof struct {
	dir, test string // next to bench
	what      string
	must      string
}

// measureProofs has the tests run, at full length from a scale of 1 on, and shows what they printed.
func measureProofs(proofs []proof) func(context.Context, lab) ([]finding, error) {
	return func(ctx context.Context, l lab) ([]finding, error) {
		var findings []finding
		for _, p := range proofs {
			fmt.Fprintf(l.progress, "  %s of %s\n", p.test, p.dir)
			found, err := p.measure(ctx, l)
			if err != nil {
				return nil, err
			}
			findings = append(findings, found...)
		}
		return findings, nil
	}
}

func (p proof) measure(ctx context.Context, l lab) ([]finding, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-json", "-count", "1", "-timeout", "60m", "-run", "^"+p.test+"$", ".")
	cmd.Dir = filepath.Join("..", p.dir)
	cmd.Env = append(os.Environ(), "USERLOG_SOAK=")
	if l.scale >= 1 {
		cmd.Env = append(os.Environ(), "USERLOG_SOAK=1")
	}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, os.Stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	results := parseTests(&output)
	if len(results) == 0 {
		return nil, fmt.Errorf("%s printed no figures: %w", cmd, err)
	}
	findings := make([]finding, 0, len(results))
	for _, r := range results {
		f := finding{what: p.what, must: p.must, measured: strings.Join(r.lines, "; "), met: r.passed}
		if _, sub, ok := strings.Cut(r.name, "/"); ok {
			f.what += ": " + strings.ReplaceAll(sub, "_", " ")
		}
		if l.scale < 1 {
			f.measured += " (short form)"
		}
		findings = append(findings, f)
	}
	return findings, nil
}

// testResult is a test that printed something of its own.
type testResult struct {
	name   string
	lines  []string
	passed bool
}

// testLine is what a test prints: its figures, and what is wrong.
var testLine = regexp.MustCompile(`^\s+\w+_test\.go:\d+: (.+)\n$`)

// parseTests reads the output of go test -json. How random numbers can be had again is no figure.
func parseTests(output io.Reader) []testResult {
	var results []testResult
	index := map[string]int{}
	for decoder := json.NewDecoder(output); ; {
		var event struct{ Action, Test, Output string }
		if err := decoder.Decode(&event); err != nil {
			return results
		}
		line := testLine.FindStringSubmatch(event.Output)
		i, known := index[event.Test]
		switch {
		case event.Action == "output" && line != nil && !strings.HasPrefix(line[1], "USERLOG_SEED="):
			if !known {
				i = len(results)
				index[event.Test] = i
				results = append(results, testResult{name: event.Test})
			}
			results[i].lines = append(results[i].lines, line[1])
		case event.Action == "pass" && known:
			results[i].passed = true
		}
	}
}
