package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// application is a process that runs [serveHost].
type application struct {
	address string // host:port
	cmd     *exec.Cmd
	stdin   io.Closer
}

// startApplication returns when the process listens. It records to the Redis at url, or has no Track
// where that is "".
func startApplication(url string, rounds int) (*application, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start the application: %w", err)
	}
	a := &application{cmd: exec.Command(self, hostCommand, "-redis", url, "-rounds", strconv.Itoa(rounds))}
	a.cmd.Stderr = os.Stderr
	stdin, err := a.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the application: %w", err)
	}
	a.stdin = stdin
	stdout, err := a.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the application: %w", err)
	}
	if err := a.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the application: %w", err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		a.stop()
		return nil, fmt.Errorf("start the application: it ended without an address: %w", err)
	}
	a.address = strings.TrimSpace(line)
	return a, nil
}

// stop ends the process and waits for it.
func (a *application) stop() {
	a.stdin.Close()
	late := time.AfterFunc(patience, func() { _ = a.cmd.Process.Kill() })
	defer late.Stop()
	_ = a.cmd.Wait() // what it had to say is on stderr
}

// stats returns the books of an application that records, once nothing is queued any more; or, with
// Redis away, as they are when ctx ends.
func (a *application) stats(ctx context.Context) (store.Stats, error) {
	for {
		response, err := http.Get("http://" + a.address + "/stats")
		if err != nil {
			return store.Stats{}, fmt.Errorf("read the host's books: %w", err)
		}
		stats, err := decodeStats(response.Body)
		response.Body.Close()
		if err != nil || stats.Queued == 0 || ctx.Err() != nil {
			return stats, err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// pair is the same application without and with Track, both running; one is idle while the other is
// measured.
type pair struct{ off, on *application }

func startPair(url string, rounds int) (pair, error) {
	off, err := startApplication("", rounds)
	if err != nil {
		return pair{}, err
	}
	on, err := startApplication(url, rounds)
	if err != nil {
		off.stop()
		return pair{}, err
	}
	return pair{off: off, on: on}, nil
}

func (p pair) stop() {
	p.off.stop()
	p.on.stop()
}

// inTurns measures both applications, the one without Track first in even rounds and last in odd
// ones, so that what else the machine does meets both alike.
func (p pair) inTurns(round int, off, on func(*application) error) error {
	if round%2 == 1 {
		return errors.Join(on(p.on), off(p.off))
	}
	return errors.Join(off(p.off), on(p.on))
}
