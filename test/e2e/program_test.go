package e2e

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program is a running program of ours.
type program struct {
	t         testing.TB
	cmd       *exec.Cmd
	origin    string        // http://127.0.0.1:port
	log       string        // path of the file that its standard error goes to
	output    chan struct{} // closed when its standard output has ended
	superuser string        // who may log in
}

// userlog is the program with arguments, not yet started.
func userlog(args ...string) *exec.Cmd {
	cmd := exec.Command(suite.userlog, args...)
	// The race detector would wait for a second at each exit.
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=10", "USERLOG_DRAIN=0s")
	return cmd
}

// start runs a server of ours with --addr and args, and returns when it has printed where it is. The
// test fails if it does not end well when it is asked to, at the end of the test at the latest.
func start(t testing.TB, addr string, args ...string) *program {
	t.Helper()
	p := &program{
		t: t, cmd: userlog(append(slices.Clip(args), "--addr", addr)...),
		log: filepath.Join(t.TempDir(), "stderr"), output: make(chan struct{}), superuser: superuser,
	}
	stderr, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	p.cmd.Stderr = stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", p.cmd, err)
	}
	t.Cleanup(p.stop)
	origin := make(chan string, 1)
	go func() {
		defer close(p.output)
		findOrigin(stdout, origin)
	}()
	select {
	case p.origin = <-origin:
	case <-p.output:
		t.Fatalf("%s ended without saying where it is:\n%s", p.cmd, p.errors())
	case <-time.After(patience):
		t.Fatalf("%s did not say where it is:\n%s", p.cmd, p.errors())
	}
	return p
}

var originPattern = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// findOrigin sends the first URL that is printed, and reads on to the end.
func findOrigin(stdout io.Reader, origin chan<- string) {
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadString('\n')
		if found := originPattern.FindString(line); found != "" {
			origin <- found
			break
		}
		if err != nil {
			return
		}
	}
	_, _ = io.Copy(io.Discard, lines) // ends when the program does
}

// stop asks the program to end, waits until it has, and fails the test if its exit status is not 0,
// which is also how the race detector reports. Stopping what has ended does nothing.
func (p *program) stop() {
	p.t.Helper()
	if p.cmd.ProcessState != nil {
		return
	}
	// An error is a program that has ended by itself, which Wait reports better.
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	overdue := time.AfterFunc(patience, func() {
		p.t.Errorf("%s did not end within %v of SIGTERM", p.cmd, patience)
		_ = p.cmd.Process.Kill()
	})
	defer overdue.Stop()
	<-p.output
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("%s: %v\n%s", p.cmd, err, p.errors())
	}
	if p.t.Failed() {
		p.t.Logf("%s wrote:\n%s", p.cmd, p.errors())
	}
}

// freeze stops the program where it is, until thaw is called. Its connections stay open.
func (p *program) freeze() (thaw func()) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		p.t.Fatal(err)
	}
	thaw = func() { _ = p.cmd.Process.Signal(syscall.SIGCONT) } // one that has ended needs none
	p.t.Cleanup(thaw)
	return thaw
}

// again starts the program anew at the same address, with its arguments and more.
func (p *program) again(more ...string) *program {
	p.t.Helper()
	p.stop()
	args := p.cmd.Args[1 : len(p.cmd.Args)-2] // without --addr
	return start(p.t, strings.TrimPrefix(p.origin, "http://"), slices.Concat(args, more)...)
}

// redis is the URL of the Redis that the program was told to use.
func (p *program) redis() string { return p.cmd.Args[slices.Index(p.cmd.Args, "--redis")+1] }

// errors is what the program wrote to its standard error.
func (p *program) errors() string {
	written, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(written))
}
