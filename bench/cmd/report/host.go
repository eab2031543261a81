package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

// hostCommand is the argument with which this program is the application that is measured.
const hostCommand = "host"

// serveHost serves [newHost] on a port that it prints, until stdin ends: it never outlives whoever
// started it.
func serveHost(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) error {
	flags := flag.NewFlagSet(hostCommand, flag.ContinueOnError)
	url := flags.String("redis", "", "Redis to record to; empty: without Track")
	rounds := flags.Int("rounds", 0, "how often a request calls spend")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var logs *store.Store
	if *url != "" {
		var err error
		if logs, err = store.Open(*url, store.Options{Logger: slog.New(slog.DiscardHandler)}); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: newHost(logs, *rounds)}
	go func() {
		_, _ = io.Copy(io.Discard, stdin) // an error is an end too
		server.Close()
	}()
	fmt.Fprintln(stdout, listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	if logs != nil {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_ = logs.Close(ctx) // tells what is lost where Redis was taken away, as it should be
	}
	return nil
}

// newHost is the application: one route that spends CPU and answers. logs is nil for the same
// application without Track. The books are at /stats, which is not recorded.
func newHost(logs *store.Store, rounds int) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	if logs != nil {
		r.GET("/stats", func(c *gin.Context) { c.JSON(http.StatusOK, logs.Stats()) })
		r.Use(middleware.Track(logs, customer, middleware.Options{}))
	}
	r.GET("/orders/:id", func(c *gin.Context) {
		spend(rounds)
		c.String(http.StatusOK, "Order %s", c.Param("id"))
	})
	return r
}

// customer is whose request it is: every order has a customer of its own.
func customer(c *gin.Context) string { return c.Param("id") }

// spend is work that takes the same CPU time however busy the machine is.
func spend(rounds int) {
	var block [sha256.Size]byte
	for range rounds {
		block = sha256.Sum256(block[:])
	}
}

// roundsOf is how many rounds of spend take d of CPU time on this machine when it is idle.
func roundsOf(d time.Duration) int {
	const sample = 20_000
	fastest := time.Duration(1<<63 - 1)
	for range 5 {
		started := time.Now()
		spend(sample)
		fastest = min(fastest, time.Since(started))
	}
	return int(sample * d / fastest)
}

// decodeStats reads what /stats answers.
func decodeStats(r io.Reader) (store.Stats, error) {
	var stats store.Stats
	if err := json.NewDecoder(r).Decode(&stats); err != nil {
		return store.Stats{}, fmt.Errorf("read the host's books: %w", err)
	}
	return stats, nil
}
