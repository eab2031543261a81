//go:build unix

package command_test

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9/logging"

	"github.com/gin-userlog/userlog/internal/command"
	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestMain(m *testing.M) {
	logging.Disable() // go-redis tells of every Redis that a test kills
	redistest.AtOnce(6)
	redistest.VerifyNoLeaks(m)
}

// patience is how long a test waits for what should happen soon, also on a machine that is busy.
const patience = redistest.Patience

// output is a stream that a test can wait on.
type output struct {
	mu    sync.Mutex
	text  bytes.Buffer
	grown chan struct{} // capacity 1
}

func newOutput() *output { return &output{grown: make(chan struct{}, 1)} }

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.grown <- struct{}{}:
	default:
	}
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await waits until the output matches and returns the match and its groups.
func (o *output) await(t *testing.T, pattern string) []string {
	t.Helper()
	expression := regexp.MustCompile(pattern)
	timeout := time.After(patience)
	for {
		if found := expression.FindStringSubmatch(o.String()); found != nil {
			return found
		}
		select {
		case <-o.grown:
		case <-timeout:
			t.Fatalf("no %q in the output:\n%s", pattern, o)
		}
	}
}

// running is a program that runs in this process.
type running struct {
	out, err *output
	stop     context.CancelFunc
	status   chan int
}

// environ is a lookupEnv of fixed variables.
type environ map[string]string

func (e environ) lookup(name string) (string, bool) {
	value, ok := e[name]
	return value, ok
}

// undrained is lookup where nothing else is said of draining: no test waits for that by the way.
func (e environ) undrained(name string) (string, bool) {
	if value, ok := e.lookup(name); ok || name != "USERLOG_DRAIN" {
		return value, ok
	}
	return "0s", true
}

// start runs the program in the background until the test ends; it must end well then.
func start(t *testing.T, env environ, args ...string) *running {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r := &running{out: newOutput(), err: newOutput(), stop: stop, status: make(chan int, 1)}
	go func() {
		r.status <- command.RunBeside(ctx, args, env.undrained, strings.NewReader(""), r.out, r.err)
	}()
	t.Cleanup(func() { r.end(t) })
	return r
}

// end asks the program to end, and checks that it does so with status 0. It may be called twice.
func (r *running) end(t *testing.T) {
	t.Helper()
	r.stop()
	select {
	case status := <-r.status:
		r.status <- status
		if status != 0 {
			t.Errorf("exit status %d, want 0; standard error:\n%s", status, r.err)
		}
	case <-time.After(patience):
		t.Fatal("the program does not end")
	}
}

// endWith waits until the program ends by itself, with a status.
func (r *running) endWith(t *testing.T, want int) {
	t.Helper()
	select {
	case status := <-r.status:
		r.status <- 0 // nobody else needs to judge it
		if status != want {
			t.Errorf("exit status %d, want %d; standard error:\n%s", status, want, r.err)
		}
	case <-time.After(patience):
		t.Fatal("the program does not end")
	}
}

// origin waits until the program listens, and returns its URL without a path.
func (r *running) origin(t *testing.T) string {
	t.Helper()
	return r.out.await(t, `https?://[^/\s]+`)[0]
}

// result is what a program did that has ended.
type result struct {
	status   int
	out, err string
}

// do runs the program to its end.
func do(t *testing.T, env environ, stdin string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, err := newOutput(), newOutput()
	status := command.RunBeside(ctx, args, env.lookup, strings.NewReader(stdin), out, err)
	if ctx.Err() != nil {
		t.Fatalf("userlog %q did not end; it printed:\n%s%s", args, out, err)
	}
	return result{status, out.String(), err.String()}
}
