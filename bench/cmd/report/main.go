// Command report measures what userlog promises about its cost, and prints a table of what must
// hold, what was measured, and the command that measures it alone:
//
//	go run ./cmd/report
//	go run ./cmd/report -row latency
//
// Run it in the directory of module bench, on a machine that does nothing else. It starts a
// redis-server and applications of its own and ends them; it needs Linux, redis-server and wrk, and a browser
// for the last row. Where tests of soak and e2e show the figures, they run as in "make soak", or in their short
// form below -scale 1.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9/logging"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		stop()
		os.Exit(1)
	}
}

// run is the program. Its first argument may be [hostCommand] or [liveCommand], with which it starts
// itself as the application that is measured.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	logging.Disable() // go-redis tells of every Redis that is taken away
	if len(args) > 0 && args[0] == hostCommand {
		return serveHost(ctx, args[1:], stdin, stdout)
	}
	if len(args) > 0 && args[0] == liveCommand {
		return serveLive(ctx, args[1:], stdin, stdout)
	}
	flags := flag.NewFlagSet("report", flag.ContinueOnError)
	flags.SetOutput(stderr)
	only := flags.String("row", "", "measure only this: "+strings.Join(rowNames(), ", "))
	scale := flags.Float64("scale", 1, "multiply every duration by this; below 1 for a quick and rough look")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if *scale <= 0 || *scale > 100 {
		return fmt.Errorf("-scale is %v: use a number above 0, at most 100", *scale)
	}
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	l := lab{scale: *scale, progress: stderr}
	machine := describeMachine()
	var findings []finding
	for _, r := range chosen {
		fmt.Fprintf(stderr, "measuring %s\n", r.name)
		found, err := r.measure(ctx, l)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		for i := range found {
			found[i].row = r.name
		}
		findings = append(findings, found...)
	}
	return printTable(stdout, machine, findings)
}
