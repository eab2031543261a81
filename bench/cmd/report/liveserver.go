package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// liveCommand is the argument with which this program is a server with live logs.
const liveCommand = "live"

// broadcaster is what brings entries to viewers: userlog, or something to compare it with. It serves
// sockets at socketPath, where the query says whose log is watched.
type broadcaster interface {
	http.Handler
	publish(store.Entry)
	close(context.Context) error
}

const socketPath = "/userlog/live/socket"

// newBroadcaster returns the kind that -kind names.
func newBroadcaster(kind, redis string) (broadcaster, error) {
	switch kind {
	case kindUserlog:
		return newLiveApplication(redis)
	case kindLoop:
		return newLoop(), nil
	case kindCentrifuge:
		return newCentrifuge()
	}
	return nil, fmt.Errorf("-kind is %q: use %s, %s or %s", kind, kindUserlog, kindLoop, kindCentrifuge)
}

// The kinds of broadcaster.
const (
	kindUserlog    = "userlog"
	kindLoop       = "loop"
	kindCentrifuge = "centrifuge"
)

// serveLive serves a broadcaster on a port that it prints, until stdin ends. Besides the sockets, it
// has /load, which records, and /usage, which says what the process uses.
func serveLive(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) error {
	flags := flag.NewFlagSet(liveCommand, flag.ContinueOnError)
	kind := flags.String("kind", kindUserlog, "what serves the sockets")
	redis := flags.String("redis", "", "Redis of userlog")
	if err := flags.Parse(args); err != nil {
		return err
	}
	b, err := newBroadcaster(*kind, *redis)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	counter := &socketCounter{Listener: listener}
	mux := http.NewServeMux()
	mux.Handle("/", b)
	mux.HandleFunc("/load", func(w http.ResponseWriter, r *http.Request) { serveLoad(w, r, b) })
	mux.HandleFunc("/usage", func(w http.ResponseWriter, r *http.Request) { serveUsage(w, r, counter) })
	server := &http.Server{Handler: mux, ConnState: counter.note}
	go func() {
		_, _ = io.Copy(io.Discard, stdin) // an error is an end too
		server.Close()
	}()
	fmt.Fprintln(stdout, listener.Addr())
	if err := server.Serve(counter); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_ = b.close(ctx) // viewers may still be there; the process ends anyway
	return nil
}

// burst is a load of entries: of a number of users in turn, at a fixed rate.
type burst struct {
	Users int
	Rate  int // per second, of all users together
	For   time.Duration

	Padding int // bytes by which each path is longer
}

// recorded is what became of a burst.
type recorded struct {
	Began   int64 // Unix nanoseconds
	PerUser int
}

// serveLoad publishes a burst, which is in the query, and answers when it is over.
func serveLoad(w http.ResponseWriter, r *http.Request, b broadcaster) {
	var load burst
	if err := json.Unmarshal([]byte(r.FormValue("burst")), &load); err != nil || load.Users < 1 {
		http.Error(w, "no burst", http.StatusBadRequest)
		return
	}
	padding := ""
	if load.Padding > 0 {
		padding = "?q=" + strings.Repeat("x", load.Padding)
	}
	began := time.Now()
	total := int(load.For.Seconds()*float64(load.Rate)) / load.Users * load.Users
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for n := 0; n < total; <-tick.C {
		for due := min(total, 1+int(time.Since(began).Seconds()*float64(load.Rate))); n < due; n++ {
			now := time.Now()
			b.publish(store.Entry{
				Username: userNumber(n % load.Users), Method: "GET", Path: stampPath(n/load.Users, now) + padding,
				Code: 200, Time: now, Duration: time.Millisecond,
			})
		}
	}
	writeJSON(w, recorded{Began: began.UnixNano(), PerUser: total / load.Users})
}

func userNumber(n int) string { return "user-" + strconv.Itoa(n) }

// usage is what a process uses.
type usage struct {
	Memory     int64 // bytes that are resident
	Goroutines int
	Sockets    int64
}

// serveUsage gives unused memory back before it looks, where the query says so: what is left is
// needed, not left over from connecting.
func serveUsage(w http.ResponseWriter, r *http.Request, counter *socketCounter) {
	if r.FormValue("free") != "" {
		debug.FreeOSMemory()
	}
	memory, err := residentMemory()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeJSON(w, usage{Memory: memory, Goroutines: runtime.NumGoroutine(), Sockets: counter.open.Load()})
}

func writeJSON(w http.ResponseWriter, v any) {
	_ = json.NewEncoder(w).Encode(v) // who does not read the answer does not need it
}

// residentMemory reads /proc/self/statm, whose second number is in pages.
func residentMemory() (int64, error) {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	fields := strings.Fields(string(statm))
	if len(fields) < 2 {
		return 0, fmt.Errorf("read memory: too short: %q", statm)
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	return pages * int64(os.Getpagesize()), nil
}

// socketCounter counts the connections that have become websockets and are open.
type socketCounter struct {
	net.Listener
	open atomic.Int64
}

func (c *socketCounter) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &countedConn{Conn: conn, counter: c}, nil
}

// note is an [http.Server.ConnState].
func (c *socketCounter) note(conn net.Conn, state http.ConnState) {
	if counted, ok := conn.(*countedConn); ok && state == http.StateHijacked && !counted.socket.Swap(true) {
		c.open.Add(1)
	}
}

// countedConn is a connection of a [socketCounter].
type countedConn struct {
	net.Conn
	counter *socketCounter
	socket  atomic.Bool
}

func (c *countedConn) Close() error {
	if c.socket.Swap(false) {
		c.counter.open.Add(-1)
	}
	return c.Conn.Close()
}
