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
	verbose := flags.Bool("v", false, "show what the benchmarks print, which benchstat reads")
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
	var alternative []string
	if *base != "" {
		if alternative, err = modulesOf(*base, dir); err != nil {
			return err
		}
	}
	progress := io.Discard
	if *verbose {
		progress = stderr
	}
	load, _ := os.ReadFile("/proc/loadavg") // a figure of a busy machine is worth little
	fmt.Fprintf(stdout, "%s, %d CPUs, load %s\n", runtime.Version(), runtime.NumCPU(), strings.TrimSpace(string(load)))
	printHead(stdout)
	for _, r := range chosen {
		if *quick {
			r.rounds = 1
		}
		fmt.Fprintf(stderr, "measuring %s, %d times %s\n", r.name, r.rounds, r.time)
		now, before, err := measure(ctx, r, *quick, dir, alternative, progress)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		printRow(stdout, r, now, before)
	}
	return nil
}

// measure runs the rounds of a row, of this tree and of the alternative in turns where there is one.
func measure(ctx context.Context, r row, quick bool, dir string, alternative []string, progress io.Writer) (now, before samples, err error) {
	args := []string{"-test.run=^$", "-test.bench=^Benchmark" + r.benchmark + "$", "-test.benchtime=" + r.time}
	if quick {
		args = append(args, "-test.short")
	}
	now, before = samples{}, samples{}
	binary, err := build(ctx, r, filepath.Join(dir, r.name+"-now.test"), nil)
	if err != nil {
		return nil, nil, err
	}
	turns := []func() error{func() error { return now.run(ctx, binary, args, progress) }}
	if alternative != nil {
		other, err := build(ctx, r, filepath.Join(dir, r.name+"-base.test"), alternative)
		if err != nil {
			return nil, nil, err
		}
		turns = append(turns, func() error { return before.run(ctx, other, args, progress) })
	}
	for i := range r.rounds * len(turns) {
		turn := i % len(turns)
		if i/len(turns)%2 == 1 { // neither is always the first
			turn = len(turns) - 1 - turn
		}
		if err := turns[turn](); err != nil {
			return nil, nil, err
		}
	}
	return now, before, nil
}

// build builds the benchmarks of a row; flags say with which modules.
func build(ctx context.Context, r row, binary string, flags []string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", append(append([]string{"test", "-c", "-o", binary}, flags...), r.pkg)...)
	if flags != nil {
		cmd.Env = append(os.Environ(), "GOWORK=off")
	}
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", cmd, err, output)
	}
	return binary, nil
}

// modulesOf returns the flags of "go test" that take userlog's modules from another directory.
func modulesOf(base, dir string) ([]string, error) {
	root, err := filepath.Abs(base)
	if err != nil {
		return nil, err
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
