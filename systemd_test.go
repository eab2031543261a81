//go:build unix

package main_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// systemd is what a service hears and tells as systemd's: the socket for its state, a socket that it serves, and credentials.
type systemd struct {
	heard  *net.UnixConn
	notify string   // the path of heard
	served *os.File // nil where the service opens its own
	env    []string
}

// newSystemd returns one whose folder has a short path, since sockets need that.
func newSystemd(t *testing.T) *systemd {
	t.Helper()
	folder, err := os.MkdirTemp("", "userlog-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	s := &systemd{notify: filepath.Join(folder, "notify")}
	if s.heard, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: s.notify, Net: "unixgram"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.heard.Close() })
	return s
}

// serves hands a listener over to the services that are started. It goes on to listen while none runs.
func (s *systemd) serves(t *testing.T, listener interface{ File() (*os.File, error) }) {
	t.Helper()
	var err error
	if s.served, err = listener.File(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.served.Close() })
}

// start runs the program as a service, which ends with the test at the latest.
func (s *systemd) start(t *testing.T, binary string, args ...string) *exec.Cmd {
	t.Helper()
	// The shell becomes the program, whose number it knows before.
	script := `WATCHDOG_PID=$$; export WATCHDOG_PID; exec "$@"`
	if s.served != nil {
		script = "LISTEN_PID=$$ LISTEN_FDS=1; export LISTEN_PID LISTEN_FDS; " + script
	}
	ctx, cancel := context.WithTimeout(t.Context(), redistest.Patience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", script, "sh", binary}, args...)...)
	cmd.Env = append(append(os.Environ(), "NOTIFY_SOCKET="+s.notify, "USERLOG_DRAIN=0s"), s.env...)
	if s.served != nil {
		cmd.ExtraFiles = []*os.File{s.served}
	}
	output := &strings.Builder{}
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			t.Logf("the service says:\n%s", output)
		}
	})
	return cmd
}

// await reads what the service tells until it tells what is wanted, and returns that.
func (s *systemd) await(t *testing.T, wanted string) string {
	t.Helper()
	if err := s.heard.SetReadDeadline(time.Now().Add(redistest.Patience)); err != nil {
		t.Fatal(err)
	}
	message := make([]byte, 4096)
	for {
		n, err := s.heard.Read(message)
		if err != nil {
			t.Fatalf("it never tells %s: %v", wanted, err)
		}
		if text := string(message[:n]); regexp.MustCompile(`(?m)^` + wanted + `$`).MatchString(text) {
			return text
		}
	}
}

// ends asks a service to end, which it has to do well.
func (s *systemd) ends(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.await(t, "STOPPING=1")
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// testNotify follows a service through its life, as a unit with Type=notify and a watchdog does.
func testNotify(t *testing.T, binary string) {
	s := newSystemd(t)
	s.env = []string{"WATCHDOG_USEC=200000"}
	cmd := s.start(t, binary, "serve", "--addr", "127.0.0.1:0", "--drain", "0s")
	ready := s.await(t, "READY=1")
	status := regexp.MustCompile(`(?m)^STATUS=The admin is at (http://[0-9.:]+)/userlog/$`).FindStringSubmatch(ready)
	if status == nil {
		t.Fatalf("it tells %q", ready)
	}
	wantStatus(t, status[1]+"/readyz", http.StatusOK)
	for range 2 {
		s.await(t, "WATCHDOG=1")
	}
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	since := regexp.MustCompile(`(?m)^MONOTONIC_USEC=(\d+)$`).FindStringSubmatch(s.await(t, "RELOADING=1"))
	if since == nil {
		t.Fatal("it does not tell since when it reads its settings again")
	}
	if microseconds, err := strconv.Atoi(since[1]); err != nil || microseconds == 0 {
		t.Errorf("it reads its settings again since %s: %v", since[1], err)
	}
	s.await(t, "READY=1")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	// Without a time for draining: 6 s for requests, 4 s for what is closed, and a little more.
	if end := s.await(t, "STOPPING=1"); !strings.Contains(end, "\nEXTEND_TIMEOUT_USEC=15000000") {
		t.Errorf("at its end it tells %q", end)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// testActivation has two services serve the same socket in turn. A client that comes while none runs is answered by the next.
func testActivation(t *testing.T, binary string) {
	tcp, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	s := newSystemd(t)
	path := filepath.Join(filepath.Dir(s.notify), "served")
	unix, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close()
	for _, listener := range []interface {
		net.Listener
		File() (*os.File, error)
	}{tcp, unix} {
		s.serves(t, listener)
		first := s.start(t, binary, "serve", "--addr", "127.0.0.1:1")
		s.await(t, "READY=1")
		s.ends(t, first)
		conn, err := net.Dial(listener.Addr().Network(), listener.Addr().String())
		if err != nil {
			t.Fatalf("nobody listens between two services: %v", err)
		}
		defer conn.Close()
		if _, err := conn.Write([]byte("GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		second := s.start(t, binary, "serve", "--addr", "127.0.0.1:1")
		s.await(t, "READY=1")
		if err := conn.SetReadDeadline(time.Now().Add(redistest.Patience)); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s: %v", listener.Addr(), err)
		}
		if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusOK {
			t.Errorf("%s: who came between two services is answered with %d, %v", listener.Addr(), response.StatusCode, err)
		}
		s.ends(t, second)
	}
}

// testCredentials starts a service whose password of Redis and certificate are systemd's credentials. It is ready only with both.
func testCredentials(t *testing.T, binary string) {
	folder, certificates := t.TempDir(), redistest.NewCertificates(t)
	const secret = "a password of Redis"
	server := redistest.Start(t)
	if err := server.Client(t).ConfigSet(t.Context(), "requirepass", secret).Err(); err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]string{"tls-cert": certificates.Cert, "tls-key": certificates.Key} {
		if err := os.Symlink(from, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "redis-password"), []byte(secret+"\n"), 0o400); err != nil {
		t.Fatal(err)
	}
	s := newSystemd(t)
	s.env = []string{"CREDENTIALS_DIRECTORY=" + folder, "USERLOG_REDIS=" + server.URL}
	cmd := s.start(t, binary, "serve", "--addr", "127.0.0.1:0")
	status := regexp.MustCompile(`https://([0-9.:]+)`).FindStringSubmatch(s.await(t, "READY=1"))
	if status == nil {
		t.Fatal("it does not speak https")
	}
	health := exec.Command(binary, "healthcheck", "--addr", status[1], "--tls-cert", certificates.Cert)
	if out, err := health.CombinedOutput(); err != nil || string(out) != "ready\n" {
		t.Errorf("%s, %v", out, err)
	}
	s.ends(t, cmd)
	if err := errors.Join(os.Remove(filepath.Join(folder, "redis-password")), os.Mkdir(filepath.Join(folder, "redis-password"), 0o700)); err != nil {
		t.Fatal(err)
	}
	spoilt := s.start(t, binary, "serve", "--addr", "127.0.0.1:0")
	if exit := (&exec.ExitError{}); !errors.As(spoilt.Wait(), &exit) || exit.ExitCode() != 2 {
		t.Errorf("with a credential that can't be read: %v, want status 2", spoilt.ProcessState)
	}
}

// testUnits has systemd read the units, and say how much the service may do: 0 is nothing, and 10 everything.
func testUnits(t *testing.T, binary string) {
	analyze := redistest.Program(t, "systemd-analyze")
	folder := t.TempDir()
	verify := []string{"verify", "--man=no"}
	for _, name := range []string{"userlog.service", "userlog.socket"} {
		text, err := os.ReadFile(filepath.Join("deploy/systemd", name))
		if err != nil {
			t.Fatal(err)
		}
		unit := filepath.Join(folder, name)
		if err := os.WriteFile(unit, []byte(strings.ReplaceAll(string(text), "/usr/bin/userlog", binary)), 0o600); err != nil {
			t.Fatal(err)
		}
		verify = append(verify, unit)
	}
	if out, err := exec.Command(analyze, verify...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v:\n%s", err, out)
	}
	// In tenths.
	security := exec.Command(analyze, "security", "--offline=true", "--threshold=20", verify[2])
	if out, err := security.CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
}
