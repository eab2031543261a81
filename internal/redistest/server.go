//go:build unix

package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	// maxSocketPath is what fits everywhere into a sockaddr_un, whose path has 104 to 108 bytes.
	maxSocketPath = 100
	pollInterval  = 5 * time.Millisecond
	loopback      = "127.0.0.1"
)

// Server is one redis-server process. Its methods must be called by the test's own goroutine, one
// at a time: those that can fail end the test.
type Server struct {
	URL     string // unix:///…, as redis.ParseURL reads it; the same after a restart
	Dir     string // holds the socket, the data and the server's output; removed at the end of the test
	Address string // host:port of a server that [StartTCP] has started, the same after a restart; else ""

	t      testing.TB
	binary string
	args   []string
	cmd    *exec.Cmd // nil while no process runs
	paused bool
	client *redis.Client // of admin, or nil
}

// Start runs redis-server and returns when it answers. It listens on a unix socket only and keeps
// nothing on disk; args are appended to its command line, so ("--appendonly", "yes") makes data
// outlive a Kill. The server stops at the end of the test, also when it is paused then.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	s := newServer(t)
	s.listen("0", args...)
	s.run()
	return s
}

// StartTCP is [Start] for a server that listens on a port of 127.0.0.1 as well, which was free.
func StartTCP(t testing.TB, args ...string) *Server {
	t.Helper()
	s := newServer(t)
	s.runOnFreePort(func(port string) { s.listen(port, slices.Concat([]string{"--bind", loopback}, args)...) })
	return s
}

// newServer makes the directory of a server.
func newServer(t testing.TB) *Server {
	t.Helper()
	binary := Program(t, "redis-server")
	// t.TempDir is too long for a socket: it contains the name of the test.
	dir, err := os.MkdirTemp("", "redis-")
	if err != nil {
		t.Fatalf("start redis-server: %v", err)
	}
	s := &Server{Dir: dir, t: t, binary: binary}
	t.Cleanup(s.remove)
	if len(s.socket()) > maxSocketPath {
		t.Fatalf("start redis-server: the socket's path %s is longer than %d bytes: set TMPDIR to a shorter one", s.socket(), maxSocketPath)
	}
	s.URL = "unix://" + s.socket()
	return s
}

func (s *Server) socket() string { return filepath.Join(s.Dir, "redis.sock") }

// listen sets the command line of a server that keeps nothing.
func (s *Server) listen(port string, args ...string) {
	s.args = slices.Concat([]string{
		"--port", port, "--unixsocket", s.socket(), "--dir", s.Dir, "--save", "", "--appendonly", "no",
	}, args)
	if port != "0" {
		s.Address = net.JoinHostPort(loopback, port)
	}
}

// Client returns a client with the default options, which is closed at the end of the test. But it waits for answers as long as a
// test does: one that gives up sends its command again, and on a busy machine Redis would do it twice.
func (s *Server) Client(t testing.TB) *redis.Client {
	t.Helper()
	client := redis.NewClient(s.options(t))
	t.Cleanup(func() { _ = client.Close() }) // a test may have closed it already
	return client
}

// Permit changes what everybody may do on the server, by rules of ACL SETUSER such as "-smembers" and "+smembers".
func (s *Server) Permit(rules ...string) {
	s.t.Helper()
	command := []any{"acl", "setuser", "default"}
	for _, rule := range rules {
		command = append(command, rule)
	}
	if err := s.Client(s.t).Do(context.Background(), command...).Err(); err != nil {
		s.t.Fatalf("permit %q: %v", rules, err)
	}
}

// Kill ends the process with SIGKILL, paused or not, and returns when it is gone. Killing a server
// that does not run does nothing.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill() // fails only when the process has ended by itself
	_ = s.cmd.Wait()         // reports the signal that was just sent
	s.cmd, s.paused = nil, false
}

// Restart runs the server again with the same socket, directory and arguments, and returns when it
// answers. A server that still runs is killed first.
func (s *Server) Restart() {
	s.t.Helper()
	s.Kill()
	s.run()
}

// Pause stops the process with SIGSTOP and returns when it has stopped: connections stay open and
// the kernel accepts new ones, but nothing is answered.
func (s *Server) Pause() {
	s.t.Helper()
	s.signal(syscall.SIGSTOP)
	// The signal takes effect some time after it was sent: wait for the kernel to say so.
	var status syscall.WaitStatus
	_, err := syscall.Wait4(s.cmd.Process.Pid, &status, syscall.WUNTRACED, nil)
	if err != nil || !status.Stopped() {
		s.t.Fatalf("pause redis-server: it did not stop (%v)\n%s", err, s.output())
	}
	s.paused = true
}

// Resume continues a paused process with SIGCONT. It answers what has piled up meanwhile.
func (s *Server) Resume() {
	s.t.Helper()
	s.signal(syscall.SIGCONT)
	s.paused = false
}

// run starts the process and waits until it answers.
func (s *Server) run() {
	s.t.Helper()
	if err := s.start(); err != nil {
		s.t.Fatalf("start redis-server: %v\n%s", err, s.output())
	}
}

// runOnFreePort is run for a server that listens on a port, which listen is given. Where somebody else was quicker to take
// that port, the process ends, and another port is tried.
func (s *Server) runOnFreePort(listen func(port string)) {
	s.t.Helper()
	var err error
	for range 10 {
		listen(FreePort(s.t))
		if err = s.start(); !errors.Is(err, errEnded) {
			break
		}
	}
	if err != nil {
		s.t.Fatalf("start redis-server: %v\n%s", err, s.output())
	}
}

// errEnded says that a process has ended instead of answering.
var errEnded = errors.New("the process has ended")

// start starts the process and waits until it answers.
func (s *Server) start() error {
	s.t.Helper()
	// A file rather than a buffer: no goroutine of ours copies, which the check for leaks would find.
	log, err := os.OpenFile(s.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(s.binary, s.args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	s.cmd = cmd
	return s.awaitAnswer()
}

// awaitAnswer polls until the server answers. While it loads its data it answers with an error.
func (s *Server) awaitAnswer() error {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	options := s.options(s.t)
	options.MaxRetries, options.DialerRetries = -1, 1 // ours are quicker
	client := redis.NewClient(options)
	defer client.Close()
	for {
		err := listens(ctx, options)
		if err == nil {
			err = client.Ping(ctx).Err()
		}
		if err == nil {
			s.mustBeOurs(ctx, client)
			return nil
		}
		if s.ended() {
			return errEnded
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no answer within %v: %w", Patience, err)
		case <-time.After(pollInterval):
		}
	}
}

// listens is asked before a client is: go-redis writes a line to the log for each connection that it does not get.
func listens(ctx context.Context, options *redis.Options) error {
	connection, err := new(net.Dialer).DialContext(ctx, options.Network, options.Addr)
	if err != nil {
		return err
	}
	return connection.Close()
}

// ended reports whether the process has ended by itself.
func (s *Server) ended() bool {
	var status syscall.WaitStatus
	pid, err := syscall.Wait4(s.cmd.Process.Pid, &status, syscall.WNOHANG, nil)
	if err != nil || pid == 0 {
		return false
	}
	_ = s.cmd.Wait() // reports that it has been waited for
	s.cmd = nil
	return true
}

// mustBeOurs ends the test unless the process that answers is the one that was started: a test must not
// write to anybody else's Redis.
func (s *Server) mustBeOurs(ctx context.Context, client *redis.Client) {
	s.t.Helper()
	about, err := client.Info(ctx, "server").Result()
	if err != nil {
		s.t.Fatalf("ask redis-server for its process: %v", err)
	}
	if ours := fmt.Sprintf("process_id:%d\r\n", s.cmd.Process.Pid); !strings.Contains(about, ours) {
		s.t.Fatalf("another Redis answers at %s, not process %d:\n%s", s.URL, s.cmd.Process.Pid, about)
	}
}

func (s *Server) options(t testing.TB) *redis.Options {
	t.Helper()
	options, err := redis.ParseURL(s.URL)
	if err != nil {
		t.Fatalf("redis client: %v", err)
	}
	options.ReadTimeout, options.WriteTimeout = Patience, Patience
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return options
}

func (s *Server) signal(signal syscall.Signal) {
	s.t.Helper()
	if s.cmd == nil {
		s.t.Fatalf("send %v to redis-server: it does not run", signal)
	}
	if err := s.cmd.Process.Signal(signal); err != nil {
		s.t.Fatalf("send %v to redis-server: %v\n%s", signal, err, s.output())
	}
}

// remove ends the process and removes its directory.
func (s *Server) remove() {
	s.Kill()
	if err := os.RemoveAll(s.Dir); err != nil {
		s.t.Errorf("remove the directory of redis-server: %v", err)
	}
}

func (s *Server) logPath() string { return filepath.Join(s.Dir, "output") }

// output is what the server has printed, for failure messages.
func (s *Server) output() string {
	output, err := os.ReadFile(s.logPath())
	if err != nil {
		return err.Error()
	}
	return string(output)
}
