package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// application is a process that runs [serveHost].
type application struct{ *process }

// startApplication returns when the process listens. It records to the Redis at url, or has no Track
// where that is "".
func startApplication(url string, rounds int) (*application, error) {
	p, err := startProcess(hostCommand, "-redis", url, "-rounds", strconv.Itoa(rounds))
	if err != nil {
		return nil, fmt.Errorf("start the application: %w", err)
	}
	return &application{p}, nil
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
