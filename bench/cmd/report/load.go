package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"
)

// connections are how many clients share a load. None of them is ever busy for long at the rates
// that are used.
const connections = 16

// load sends requests at a fixed rate, whatever becomes of them (an open loop), and checks every
// answer.
type load struct {
	rate     int // requests per second
	duration time.Duration
}

// requests is how many it sends.
func (l load) requests() int { return l.perConnection() * connections }

func (l load) perConnection() int {
	return max(int(l.duration.Seconds()*float64(l.rate))/connections, 1)
}

// run sends the load to an application and returns how long each answer took. An answer that is not
// what the handler gives is an error.
func (l load) run(ctx context.Context, address string) ([]time.Duration, error) {
	var (
		start     = time.Now().Add(10 * time.Millisecond) // when all clients are connected
		latencies = make([][]time.Duration, connections)
		errs      = make([]error, connections)
		clients   sync.WaitGroup
	)
	for i := range connections {
		clients.Go(func() { latencies[i], errs[i] = l.runClient(ctx, address, i, start) })
	}
	clients.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	var all []time.Duration
	for _, some := range latencies {
		all = append(all, some...)
	}
	return all, nil
}

// runClient sends the share of client number i: every one of its requests has a time at which it
// is due. A request that is sent late because the answer before it was late counts from that time,
// so that a stall is seen in all requests that it delays (no coordinated omission); one that is late
// because this process woke up late counts from when it is sent, for that is not the host's doing.
func (l load) runClient(ctx context.Context, address string, i int, start time.Time) ([]time.Duration, error) {
	c, err := dial(ctx, address, strconv.Itoa(i), l.duration)
	if err != nil {
		return nil, err
	}
	defer c.conn.Close()
	interval := time.Second * connections / time.Duration(l.rate)
	due := start.Add(time.Second * time.Duration(i) / time.Duration(l.rate))
	latencies := make([]time.Duration, 0, l.perConnection())
	for range l.perConnection() {
		since := due
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
			since = time.Now()
		}
		if err := c.ask(); err != nil {
			return nil, err
		}
		latencies = append(latencies, time.Since(since))
		due = due.Add(interval)
	}
	return latencies, ctx.Err()
}

// client is one connection that asks for the same order again and again, without allocating, so
// that a garbage collection of ours does not look like the host's.
type client struct {
	conn    net.Conn
	request []byte
	status  []byte // how an answer must begin
	body    []byte // how it must end
	buffer  [1024]byte
}

func dial(ctx context.Context, address, order string, duration time.Duration) (*client, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connect to the application: %w", err)
	}
	if err := conn.SetDeadline(time.Now().Add(duration + patience)); err != nil {
		conn.Close()
		return nil, fmt.Errorf("connect to the application: %w", err)
	}
	return &client{
		conn:    conn,
		request: []byte("GET /orders/" + order + " HTTP/1.1\r\nHost: " + address + "\r\n\r\n"),
		status:  []byte("HTTP/1.1 200 OK\r\n"),
		body:    []byte("\r\n\r\nOrder " + order),
	}, nil
}

// ask sends the request and reads the answer. Nothing may follow the expected body, since the next
// request is sent only afterwards.
func (c *client) ask() error {
	if _, err := c.conn.Write(c.request); err != nil {
		return fmt.Errorf("send a request: %w", err)
	}
	n := 0
	for !bytes.HasSuffix(c.buffer[:n], c.body) {
		if n == len(c.buffer) {
			return fmt.Errorf("the answer is not what it was: %q", c.buffer[:n])
		}
		m, err := c.conn.Read(c.buffer[n:])
		if err != nil {
			return fmt.Errorf("the answer is not what it was: %q: %w", c.buffer[:n], err)
		}
		n += m
	}
	if !bytes.HasPrefix(c.buffer[:n], c.status) {
		return fmt.Errorf("the answer is not what it was: %q", c.buffer[:n])
	}
	return nil
}
