//go:build unix

package main_test

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// buildCommand is how documents build the program.
const buildCommand = "go build -o userlog ."

// TestProgram tests what only the built program shows.
func TestProgram(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "userlog")
	words := strings.Fields(strings.Replace(buildCommand, "userlog", binary, 1))
	if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", buildCommand, err, out)
	}
	for name, test := range map[string]func(t *testing.T, binary string){
		"commands of the documents":           testDocsCommands,
		"SIGTERM ends the program well":       func(t *testing.T, binary string) { testSignal(t, binary, syscall.SIGTERM) },
		"SIGINT ends the program well":        func(t *testing.T, binary string) { testSignal(t, binary, syscall.SIGINT) },
		"a draining server serves":            testDraining,
		"SIGHUP does not end a server":        testHangup,
		"systemd hears how a service does":    testNotify,
		"sockets of systemd are served":       testActivation,
		"credentials of systemd are used":     testCredentials,
		"units of systemd are right":          testUnits,
		"few files are enough":                testFewFiles,
		"a killed sender is replaced":         testKilledSender,
		"mistakes have a status of their own": testStatusOfMistakes,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, binary)
		})
	}
}

// testSignal asks a demo to end as soon as it has begun.
func testSignal(t *testing.T, binary string, signal syscall.Signal) {
	cmd := exec.Command(binary, "demo", "--addr", "127.0.0.1:0")
	var log strings.Builder
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err = errors.Join(err, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	overdue := time.AfterFunc(redistest.Patience, func() { _ = cmd.Process.Kill() })
	defer overdue.Stop()
	begun := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "Ctrl-C ends the demo") {
			begun = true
			if err := cmd.Process.Signal(signal); err != nil {
				t.Error(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil || !begun {
		t.Errorf("the demo ended with %v, begun %t; standard error:\n%s", err, begun, &log)
	}
}

// testHangup has a server take the socket of systemd, asks it to read its settings again, and then to end.
func testHangup(t *testing.T, binary string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	socket, err := listener.(*net.TCPListener).File()
	if err = errors.Join(err, listener.Close()); err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	cmd := exec.Command("sh", "-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec "+binary+" serve --addr 127.0.0.1:1 --drain 0s")
	cmd.ExtraFiles = []*os.File{socket}
	out, err := cmd.StderrPipe()
	if err = errors.Join(err, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	overdue := time.AfterFunc(redistest.Patience, func() { _ = cmd.Process.Kill() })
	defer overdue.Stop()
	asked := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		signal := syscall.Signal(0)
		switch {
		case strings.Contains(lines.Text(), "nobody can log in"):
			wantStatus(t, "http://"+listener.Addr().String()+"/readyz", http.StatusOK)
			signal = syscall.SIGHUP
		case strings.Contains(lines.Text(), "asked to read the settings again"):
			asked, signal = true, syscall.SIGTERM
		}
		if signal != 0 {
			if err := cmd.Process.Signal(signal); err != nil {
				t.Error(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil || !asked {
		t.Errorf("it ended with %v, asked %t", err, asked)
	}
}

// testFewFiles opens more connections than a server may have files.
func testFewFiles(t *testing.T, binary string) {
	cmd := exec.Command("sh", "-c", "ulimit -n 256; exec "+binary+" serve --addr 127.0.0.1:0 --drain 0s")
	out, err := cmd.StdoutPipe()
	if err = errors.Join(err, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
			t.Error(err)
		}
	}()
	overdue := time.AfterFunc(redistest.Patience, func() { _ = cmd.Process.Kill() })
	defer overdue.Stop()
	lines := bufio.NewScanner(out)
	lines.Scan()
	origin := regexp.MustCompile(`http://[0-9.:]+`).FindString(lines.Text())
	for range 400 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(origin, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	wantStatus(t, origin+"/readyz", http.StatusOK)
	wantStatus(t, origin+"/userlog/login", http.StatusOK)
}

// testDraining asks a server to end, which is told to go on for an hour, looks at what it serves, and asks again.
func testDraining(t *testing.T, binary string) {
	cmd := exec.Command(binary, "serve", "--addr", "127.0.0.1:0", "--drain", "1h")
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	cmd.Stdout, cmd.Stderr = write, write
	if err := errors.Join(cmd.Start(), write.Close()); err != nil {
		t.Fatal(err)
	}
	overdue := time.AfterFunc(redistest.Patience, func() { _ = cmd.Process.Kill() })
	defer overdue.Stop()
	lines, origin := bufio.NewScanner(read), ""
	await := func(text string) {
		for lines.Scan() {
			if found := regexp.MustCompile(`http://[0-9.:]+`).FindString(lines.Text()); found != "" {
				origin = found
			}
			if strings.Contains(lines.Text(), text) {
				return
			}
		}
		t.Errorf("it never says %q: %v", text, lines.Err())
	}
	await("nobody can log in")
	wantStatus(t, origin+"/readyz", http.StatusOK)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	await("still serving for a while")
	wantStatus(t, origin+"/readyz", http.StatusServiceUnavailable)
	wantStatus(t, origin+"/healthz", http.StatusOK)
	wantStatus(t, origin+"/userlog/login", http.StatusOK)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait() // says by which signal
	if state, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || state.Signal() != syscall.SIGTERM {
		t.Errorf("it ended with %v", cmd.ProcessState)
	}
}

func wantStatus(t *testing.T, url string, want int) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != want {
		t.Errorf("%s: %d, want %d", url, response.StatusCode, want)
	}
}

func testStatusOfMistakes(t *testing.T, binary string) {
	err := exec.Command(binary, "serve", "--frob").Run()
	if exit := (&exec.ExitError{}); !errors.As(err, &exit) || exit.ExitCode() != 2 {
		t.Errorf("an unknown flag: %v, want status 2", err)
	}
}
