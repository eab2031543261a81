// Command bench measures what userlog costs, and prints it next to what it may cost:
//
//	go run . -row cpu
//
// Each row of the table is a Go benchmark of package recording, admin, or of userlog itself. Its rounds run one after the
// other, and what it is compared with takes turns with it in each round. With -base, the same benchmarks are also built with
// the userlog of another directory, and both take turns.
//
// It needs Linux and redis-server, and a machine that does nothing else.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	name := flags.String("row", "", "measure only this")
	base := flags.String("base", "", "compare with the userlog in this directory")
	quick := flags.Bool("quick", false, "one round, with fewer names and viewers")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	chosen, err := choose(*name)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	trees := [][]string{nil}
	if *base != "" {
		flags, err := modulesOf(*base, dir)
		if err != nil {
			return err
		}
		trees = append(trees, flags)
	}
	load, _ := os.ReadFile("/proc/loadavg") // a figure of a busy machine is worth little
	fmt.Fprintf(stdout, "%s, %d CPUs, load %s\n", runtime.Version(), runtime.NumCPU(), strings.TrimSpace(string(load)))
	if *quick {
		fmt.Fprintln(stdout, "Quick: one round, 20,000 names instead of a million, 1,000 idle viewers instead of 10,000.")
	}
	printHead(stdout)
	for _, r := range chosen {
		fmt.Fprintf(stderr, "measuring %s\n", r.name)
		results, err := measure(ctx, r, *quick, dir, trees)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		printRow(stdout, r, results)
	}
	return nil
}

// measure runs the rounds of a row, of all trees in turns, and returns what came of each. Trees are flags to build with.
func measure(ctx context.Context, r row, quick bool, dir string, trees [][]string) ([]samples, error) {
	args := []string{"-test.run=^$", "-test.bench=^Benchmark" + r.benchmark + "$", "-test.benchtime=" + r.time}
	if quick {
		r.rounds, args = 1, append(args, "-test.short")
	}
	binaries, results := make([]string, len(trees)), make([]samples, len(trees))
	for i, flags := range trees {
		binaries[i], results[i] = filepath.Join(dir, fmt.Sprintf("%s-%d.test", r.name, i)), samples{}
		if err := build(ctx, r, binaries[i], flags); err != nil {
			return nil, err
		}
	}
	for round := range r.rounds {
		for i := range trees {
			turn := (i + round) % len(trees) // none is always the first
			if err := results[turn].run(ctx, binaries[turn], args); err != nil {
				return nil, err
			}
		}
	}
	return results, nil
}

// build builds the benchmarks of a row.
func build(ctx context.Context, r row, binary string, flags []string) error {
	cmd := exec.CommandContext(ctx, "go", append(append([]string{"test", "-c", "-o", binary}, flags...), r.pkg)...)
	if flags != nil {
		cmd.Env = append(os.Environ(), "GOWORK=off")
	}
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, output)
	}
	return nil
}

// modulesOf returns the flags of "go test" that take userlog's modules from another directory.
func modulesOf(base, dir string) ([]string, error) {
	root, err := filepath.Abs(base)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(root, "middleware", "go.mod")); err != nil {
		return nil, fmt.Errorf("-base is no clone of userlog: %w", err)
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		text = bytes.ReplaceAll(text, []byte("=> ../"), []byte("=> "+root+"/"))
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return nil, err
		}
	}
	return []string{"-modfile=" + filepath.Join(dir, "go.mod"), "-mod=mod"}, nil
}
