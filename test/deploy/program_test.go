package deploy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// repository is the folder of all.
const repository = "../.."

// patience is how long a test waits for what should happen soon.
const patience = redistest.Patience

// binary builds the program, once, and returns its path.
var binary = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "userlog-deploy-")
	if err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-o", filepath.Join(folder, "userlog"), ".")
	build.Dir = repository
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return filepath.Join(folder, "userlog"), nil
})

func TestMain(m *testing.M) {
	status := m.Run()
	if path, err := binary(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(status)
}

// userlog is the program with some environment and nothing else.
func userlog(t *testing.T, env []string, words ...string) *exec.Cmd {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience) // longer than the test, which it has to end after
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, path, words...)
	cmd.Env = append(env, "USERLOG_ADDR=127.0.0.1:0", "USERLOG_DRAIN=0s")
	return cmd
}

// serve starts a command that serves, and returns its origin. It has to end well at the end of the test.
func serve(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err = errors.Join(err, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 200)
	n, err := out.Read(line)
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // one that has ended by itself is told below
		_, _ = io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the program ended with %v:\n%s", err, &log)
		}
	})
	origin := regexp.MustCompile(`http://[0-9.:]+`).FindString(string(line[:n]))
	if origin == "" {
		t.Fatalf("the program says %q, %v", line[:n], err)
	}
	return origin
}

// wantStatus asks until the answer has a status.
func wantStatus(t *testing.T, url string, want int) {
	t.Helper()
	overdue, ticks := time.After(patience), time.NewTicker(50*time.Millisecond)
	defer ticks.Stop()
	for {
		response, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		if err = errors.Join(err, response.Body.Close()); err == nil && response.StatusCode == want {
			return
		}
		select {
		case <-ticks.C:
		case <-overdue:
			t.Fatalf("%s: %d %s, %v, want %d", url, response.StatusCode, text, err, want)
		}
	}
}

// startRedis runs a redis-server with a command line of ours before its own, and returns the path of its socket.
func startRedis(t *testing.T, args ...string) string {
	t.Helper()
	program := redistest.Program(t, "redis-server")
	folder, err := os.MkdirTemp("", "redis-") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(folder, "redis.sock")
	var log bytes.Buffer
	server := exec.Command(program, append(args, "--port", "0", "--unixsocket", socket, "--dir", folder)...)
	server.Stdout, server.Stderr = &log, &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
		os.RemoveAll(folder)
		if t.Failed() {
			t.Logf("Redis says:\n%s", &log)
		}
	})
	overdue, ticks := time.After(patience), time.NewTicker(20*time.Millisecond)
	defer ticks.Stop()
	for {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			conn.Close()
			return socket
		}
		select {
		case <-ticks.C:
		case <-overdue:
			t.Fatalf("Redis does not listen: %v", err)
		}
	}
}

// ask sends a command to a Redis, and returns the first line of its answer.
func ask(t *testing.T, socket, command string) string {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 1000)
	_, err = conn.Write([]byte(command + "\r\n"))
	n, readErr := conn.Read(answer)
	if err = errors.Join(err, readErr); err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(answer[:n]), "\r\n")
	return line
}
