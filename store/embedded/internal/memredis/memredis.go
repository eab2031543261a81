// Package memredis runs an imitation of Redis (miniredis) inside the process, reached through
// memory: no port, no file. It is what the embedded store stands on.
package memredis

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// tick is how often the imitation's clock, which stands still by itself, is moved on.
const tick = time.Second

// Server is an imitation of Redis, empty when it starts, gone when it is closed.
type Server struct {
	redis   *miniredis.Miniredis
	stop    chan struct{}
	stopped chan struct{}

	mu     sync.RWMutex // read while somebody dials
	closed bool
}

// Start starts a server. Close it.
func Start() *Server {
	s := &Server{redis: miniredis.NewMiniRedis(), stop: make(chan struct{}), stopped: make(chan struct{})}
	go s.keepTime()
	return s
}

// Client returns a client of this server, which the caller closes before the server.
func (s *Server) Client() *redis.Client {
	return redis.NewClient(&redis.Options{
		Addr:                     "in memory",
		Dialer:                   func(context.Context, string, string) (net.Conn, error) { return s.dial() },
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}

// Close ends the server. A pool of go-redis may still dial in the background when its client has been closed, and miniredis must not be dialled
// while it ends.
func (s *Server) Close() {
	close(s.stop)
	<-s.stopped
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.redis.Close()
}

// keepTime lets keys expire as time passes.
func (s *Server) keepTime() {
	defer close(s.stopped)
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for last := time.Now(); ; {
		select {
		case <-ticker.C:
			now := time.Now()
			s.redis.FastForward(now.Sub(last))
			last = now
		case <-s.stop:
			return
		}
	}
}

func (s *Server) dial() (net.Conn, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return nil, net.ErrClosed
	}
	pipe, err := s.redis.Dial()
	if err != nil {
		return nil, err
	}
	return newConn(pipe), nil
}
