package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// patience is how long we wait for a process to start or to end.
const patience = 10 * time.Second

// redisServer is a redis-server of our own, on a unix socket and without a file.
type redisServer struct {
	url string
	dir string
	cmd *exec.Cmd
}

// startRedis returns when the server answers.
func startRedis(ctx context.Context) (*redisServer, error) {
	dir, err := os.MkdirTemp("", "redis-")
	if err != nil {
		return nil, fmt.Errorf("start redis-server: %w", err)
	}
	socket := filepath.Join(dir, "redis.sock")
	s := &redisServer{url: "unix://" + socket, dir: dir}
	s.cmd = exec.Command("redis-server", "--port", "0", "--unixsocket", socket, "--dir", dir, "--save", "", "--appendonly", "no")
	if err := s.cmd.Start(); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("start redis-server: %w", err)
	}
	if err := awaitPing(ctx, socket); err != nil {
		s.stop()
		return nil, fmt.Errorf("start redis-server: %w", err)
	}
	return s, nil
}

// awaitPing returns when the server at a unix socket answers.
func awaitPing(ctx context.Context, socket string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: socket})
	defer client.Close()
	for {
		err := client.Ping(ctx).Err()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// pause stops the server with SIGSTOP: connections stay open, but nothing is answered.
func (s *redisServer) pause() error { return s.cmd.Process.Signal(syscall.SIGSTOP) }

// kill ends the server, paused or not; its socket then refuses connections. Killing what was killed
// does nothing.
func (s *redisServer) kill() {
	_ = s.cmd.Process.Kill() // fails only where it has ended
	_ = s.cmd.Wait()         // reports the signal that was just sent
}

// stop kills the server and removes its directory.
func (s *redisServer) stop() {
	s.kill()
	_ = os.RemoveAll(s.dir) // a leftover in the temporary directory is no reason to fail
}

// blackhole listens and never accepts: the kernel completes connections, and nobody answers them.
func blackhole() (url string, end func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("listen as a blackhole: %w", err)
	}
	return "redis://" + listener.Addr().String(), func() { listener.Close() }, nil
}
